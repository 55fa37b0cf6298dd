import { secretVariables } from './program-options.js';
import { usageRows } from './usage.js';

/** The manual page in roff, made from the switch table. */
export function manualPage(version: string): string {
  const lines = [
    `.TH SSGBACKUP 8 "" "gateway-backup ${version}" "Gateway administration"`,
    '.SH NAME',
    'ssgbackup \\- back up one node of a Layer7 API Gateway into one image',
    '.SH SYNOPSIS',
    '.B ssgbackup',
    '\\-image',
    '.I FILE',
    '[\\fISWITCH\\fR ...]',
    '.SH DESCRIPTION',
    'Makes one zip image of a node: its database and audit records, configuration, operating\\-system files,',
    'custom and modular assertions, library extensions and the Enterprise Service Manager.',
    'Without a component switch the backup is standard: every component that applies.',
    'With one it is custom: only those that are named.',
  ];
  let section = '';
  for (const row of usageRows()) {
    if (row.section !== section) {
      section = row.section;
      lines.push(`.SH ${roff(section.replace(/;.*/, '')).toUpperCase()}`);
    }
    lines.push(
      '.TP',
      `.B ${roff(row.name)}${row.value === null ? '' : ` \\fI${roff(row.value)}\\fR`}`,
      roff(row.summary),
    );
  }
  lines.push('.SH ENVIRONMENT');
  for (const variable of Object.values(secretVariables))
    lines.push('.TP', `.B ${variable}`, 'a secret, so that it stands on no command line');
  lines.push(
    '.SH EXIT STATUS',
    ...['.TP', '.B 0', 'success'],
    ...['.TP', '.B 1', 'failure or invalid argument; there is no image'],
    ...['.TP', '.B 2', 'partial: there is an image, without the components that failed'],
    ...['.TP', '.B 129, 130, 143', 'cancelled by SIGHUP, SIGINT, SIGTERM'],
  );
  return lines.join('\n');
}

function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  // A leading dot or quote would be taken for a request.
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
