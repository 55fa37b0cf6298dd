/**
 * Backs up one node of a Layer7 API Gateway into one zip image.
 *
 * @packageDocumentation
 */
export { BackupError, isBackupError } from './errors.js';
