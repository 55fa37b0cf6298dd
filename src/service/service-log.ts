/**
 * How much a line of the service's log matters.
 *
 * @public
 */
export type ServiceLogLevel = 'info' | 'warn' | 'error';

/**
 * Where the service writes its log: one line, free of control characters and of secrets.
 *
 * @public
 */
export type ServiceLog = (level: ServiceLogLevel, message: string) => void;
