/**
 * Statements that make a session fit for a dump: nothing converted, nothing cut short by a limit that an administrator
 * set for ordinary sessions.
 */
export function sessionSettings(flavour: 'mysql' | 'mariadb', version: string): readonly string[] {
  const settings = [
    'SET NAMES utf8mb4',
    // Bytes as they are stored: some character sets lose by conversion.
    'SET character_set_results = NULL',
    "SET sql_mode = '', time_zone = '+00:00'",
    // Our side may be slow: the default of 60 s cuts off who waits for a disk. In seconds.
    'SET net_write_timeout = 1800, net_read_timeout = 1800, wait_timeout = 86400',
    'SET lock_wait_timeout = 10',
    'SET sql_quote_show_create = 1, sql_select_limit = 18446744073709551615',
    'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  ];
  if (flavour === 'mariadb') {
    settings.push('SET max_statement_time = 0');
    if (!isBefore(version, 10, 3)) {
      settings.push('SET idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0');
    }
  } else if (!isBefore(version, 5, 8)) {
    settings.push('SET max_execution_time = 0');
    // Else sizes and row counts come from yesterday's cache.
    settings.push('SET information_schema_stats_expiry = 0');
  }
  return settings;
}

/** Statements that give up the snapshot of a session and take a new one. */
export const snapshotStatements: readonly string[] = [
  'ROLLBACK',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
];

/** Whether a server's version (`10.11.6-MariaDB-…`, `8.0.36`) is below a release. */
function isBefore(version: string, major: number, minor: number): boolean {
  // MariaDB may put a compatibility version in front.
  const [a = 0, b = 0] = version
    .replace(/^5\.5\.5-/, '')
    .split(/[.-]/)
    .map(Number);
  return a !== major ? a < major : b < minor;
}
