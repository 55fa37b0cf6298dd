import { backupPageStyle } from './backup-page-style.js';
import type { ClusterNode } from './cluster/cluster-directory.js';

/**
 * What the page shows.
 *
 * @internal
 */
export interface BackupPage {
  /** Path of the service, where the forms go. */
  readonly path: string;
  readonly nodes: readonly ClusterNode[];
  readonly login: string;
}

/**
 * The page of the service: one button per node and the check box for audits. Works without scripts.
 *
 * @internal
 */
export function renderBackupPage({ path, nodes, login }: BackupPage): string {
  const databaseKnown = nodes.some((node) => node.hostsDatabase !== undefined);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Gateway Backup Service</title>
<style>${backupPageStyle}</style>
</head>
<body>
<main>
<header>
<h1>Gateway Backup Service</h1>
<p class="who">Signed in as <b>${escapeHtml(login)}</b></p>
</header>
<section class="warning" aria-labelledby="warning">
<h2 id="warning">The image is sensitive</h2>
<p>It holds the configuration, passwords and keys of the Gateway. Keep it where only administrators can read it, and
delete copies that are not needed any more.</p>
</section>
<form action="${escapeHtml(path)}" method="get">
<div class="audits">
<input type="checkbox" id="audits" name="audits" value="true" aria-describedby="audits-hint">
<label for="audits">Include Audits</label>
<p id="audits-hint">Adds the audit records. The image can become many times larger.</p>
</div>
<h2 id="nodes">${nodes.length === 1 ? 'Node' : 'Nodes of the cluster'}</h2>
<ul aria-labelledby="nodes">
${nodes.map((node, index) => nodeItem(node, index, nodes.length)).join('\n')}
</ul>
</form>
<footer>
<p>The image is built and checked before the download starts, which can take minutes. Leave this page open until then.
One backup runs at a time on a node.</p>
${databaseKnown ? '<p>The database, and with it the audit records, is only in the image of the node that hosts it.</p>\n' : ''}</footer>
</main>
</body>
</html>
`;
}

function nodeItem(node: ClusterNode, index: number, count: number): string {
  const tags = [
    ...(node.hostsDatabase === true ? ['<span class="tag database">hosts the database</span>'] : []),
    ...(node.local && count > 1 ? ['<span class="tag">this node</span>'] : []),
  ];
  const details = [
    ...(node.address === '' ? [] : [`<span class="address">${escapeHtml(node.address)}</span>`]),
    ...tags,
  ];
  const id = `node-${index}`;
  return `<li>
<div class="node"><span class="name" id="${id}">${escapeHtml(node.name)}</span>${
    details.length === 0 ? '' : `<span class="details" id="${id}-details">${details.join(' ')}</span>`
  }</div>
<button name="node" value="${escapeHtml(node.name)}"${
    details.length === 0 ? '' : ` aria-describedby="${id}-details"`
  }>Back up <span class="for">${escapeHtml(node.name)}</span></button>
</li>`;
}

// Controls and bidirectional overrides would let one name pass for another.

const misleading = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

function escapeHtml(text: string): string {
  return text
    .replace(misleading, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
