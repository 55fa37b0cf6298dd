import { goid } from './sample-sql.js';

/**
 * Raw id of the licence row, as lower-case hex.
 *
 * @public
 */
export const sampleLicenseObjectId = goid('cluster-property', 0).toString('hex');

/**
 * The cluster properties of the sample database that a mapping template shows.
 *
 * @public
 */
export const sampleClusterProperties: Readonly<Record<string, string>> = {
  'audit.threshold': 'INFO',
  'cluster.hostname': 'gateway.example.com',
  'io.httpHostAllowAll': 'true',
  'keyStore.searchForAlias': 'true',
  'log.levels': 'com.l7tech.level = CONFIG\ncom.l7tech.external.level = WARNING\n',
  'message.greeting': `Grüße & "quotes" <tag> it's 100% \\ €`,
  'my.backend': 'https://10.20.0.1:8443/api?x=1&y=2',
  'request.emptyValue': '',
};

/**
 * The properties that a mapping template must never show.
 *
 * @public
 */
export const sampleHiddenClusterProperties: readonly string[] = [
  'license',
  'audit.acknowledge.highestTime',
  'audit.archiverInProgress',
  'audit.archiver.ftp.config',
  'krb5.keytab',
  'keyStore.defaultSsl.alias',
  'keyStore.defaultCa.alias',
];

/**
 * Every back-end address that the policies of the sample database route to, sorted as text.
 *
 * @public
 */
export const sampleBackendAddresses: readonly string[] = Array.from(
  { length: 24 },
  (_, index) => `10.20.${index % 3}.${index + 1}`,
).sort();
