/**
 * What a tool author needs to test against: a made-up Gateway, a private database server, scripted parts.
 *
 * @packageDocumentation
 */
export { PrivateMariaDb, type DatabaseLogin, type PrivateMariaDbOptions } from './private-mariadb.js';
export { type ProgramInput } from './run-program.js';
