/** Whether a table holds audit records: its rows are not part of the main dump. */
export function isAuditTable(name: string): boolean {
  return name.startsWith('audit');
}
