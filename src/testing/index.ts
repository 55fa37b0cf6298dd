/**
 * What a tool author needs to test against: a made-up Gateway, a private database server, scripted parts.
 *
 * @packageDocumentation
 */
export { componentCollectorContract, type CollectorUnderTest } from './component-collector-contract.js';
export { type ContractOptions, type RegisterTest } from './contract-test.js';
export { imageSinkContract, type SinkUnderTest } from './image-sink-contract.js';
export { MemorySink, type MemorySinkOptions } from './memory-sink.js';
export { PrivateMariaDb, type DatabaseLogin, type PrivateMariaDbOptions } from './private-mariadb.js';
export { PrivateRpm, type PrivateRpmPackage } from './private-rpm.js';
export { type ProgramInput } from './run-program.js';
export { type SampleBulkOptions } from './sample-bulk.js';
export { sampleDatabaseSql, type SampleDatabaseOptions } from './sample-database.js';
export {
  sampleBackendAddresses,
  sampleClusterProperties,
  sampleHiddenClusterProperties,
  sampleLicenseObjectId,
} from './sample-facts.js';
export { sampleImageEntries, type SampleDatabaseAccess } from './sample-files.js';
export { createSampleGateway, type SampleGateway, type SampleGatewayOptions } from './sample-gateway.js';
export { sampleNodes, sampleUsers, type SampleNode, type SampleUser } from './sample-identities.js';
export {
  failingCollector,
  scriptedCollector,
  type FailingCollectorOptions,
  type ScriptedCollectorOptions,
  type ScriptedStep,
} from './scripted-collector.js';
export { SeededRandom } from './seeded-random.js';
export {
  testCollectorContext,
  testGatewayFacts,
  testSinkContext,
  type TestCollectorContext,
  type TestCollectorContextOptions,
  type TestDatabase,
  type TestMachine,
  type TestSinkContext,
} from './testing-contexts.js';
