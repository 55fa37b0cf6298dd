// Writes the API reports (--local), or checks that they are the ones of the code: one for each entry point.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const localBuild = process.argv.includes('--local');
const root = new URL('../', import.meta.url);
const settings = fileURLToPath(new URL('api-extractor.json', root));
// The core first: the others name what it exports.
const entryPoints = [
  { report: 'gateway-backup', declarations: 'dist/index.d.ts' },
  { report: 'gateway-backup-service', declarations: 'dist/service/index.d.ts' },
  { report: 'gateway-backup-testing', declarations: 'dist/testing/index.d.ts' },
];

let failed = false;
for (const { report, declarations } of entryPoints) {
  const isCore = report === 'gateway-backup';
  const configObject = ExtractorConfig.loadFile(settings);
  configObject.mainEntryPointFilePath = `<projectFolder>/${declarations}`;
  configObject.apiReport.reportFileName = `${report}.api.md`;
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: settings,
    packageJsonFullPath: fileURLToPath(new URL('package.json', root)),
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild,
    // What another entry point names of the core is exported: by the core.
    messageCallback: (message) => {
      if (isCore) return;
      const name = /The symbol "([^"]+)"|does not have an export "([^"]+)"/u.exec(message.text);
      if (name !== null && coreNames().has(name[1] ?? name[2])) message.logLevel = 'none';
    },
  });
  if (!succeeded) failed = true;
  if (apiReportChanged && !localBuild) {
    process.stderr.write(
      `${config.reportFilePath} is out of date: run "npm run api" and review the difference.\n`,
    );
  }
}
process.exitCode = failed ? 1 : 0;

/** The names that the core's report exports; that report is made first. */
function coreNames() {
  const report = readFileSync(new URL('etc/gateway-backup.api.md', root), 'utf8');
  return new Set(
    [
      ...report.matchAll(
        /^export (?:declare )?(?:abstract )?(?:type|interface|class|function|const) (\w+)/gmu,
      ),
    ].map(([, name]) => name),
  );
}
