import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isBackupError } from 'gateway-backup';
import { testGatewayFacts } from 'gateway-backup/testing';
import { caCollector } from '#dist/collectors/ca-collector.js';
import { configCollector } from '#dist/collectors/config-collector.js';
import { esmCollector } from '#dist/collectors/esm-collector.js';
import { maCollector } from '#dist/collectors/ma-collector.js';
import { osCollector } from '#dist/collectors/os-collector.js';
import { collected, makeFiles, makeMachine, recordingContext } from './collecting.js';

const conf = 'SSG/Gateway/node/default/etc/conf';
const modules = 'SSG/Gateway/runtime/modules';
const osList = 'SSG/Gateway/config/backup/cfg/backup_manifest';

describe('the component config', () => {
  it('takes its four files and nothing else', async (test) => {
    const context = recordingContext(
      makeMachine(test, {
        [`${conf}/ssglog.properties`]: 'log',
        [`${conf}/system.properties`]: 'system',
        [`${conf}/node.properties`]: 'node',
        [`${conf}/omp.dat`]: 'omp',
        [`${conf}/other.properties`]: 'other',
        [`${conf}/sub/node.properties`]: 'no',
      }),
    );
    assert.deepEqual(await collected(configCollector.collect(context)), {
      'node.properties': 'node',
      'omp.dat': 'omp',
      'ssglog.properties': 'log',
      'system.properties': 'system',
    });
    assert.equal(await configCollector.estimate!(context), 16);
    assert.deepEqual(context.warnings, []);
  });

  it('skips a missing file without a word', async (test) => {
    const context = recordingContext(makeMachine(test, { [`${conf}/node.properties`]: 'node' }));
    assert.deepEqual(await collected(configCollector.collect(context)), { 'node.properties': 'node' });
    assert.deepEqual(context.warnings, []);
  });
});

describe('the component ca', () => {
  it('takes property files beside the configuration, and libraries, from their folders only', async (test) => {
    const context = recordingContext(
      makeMachine(test, {
        [`${conf}/node.properties`]: 'node',
        [`${conf}/b.properties`]: 'b',
        [`${conf}/a.properties`]: 'a',
        [`${conf}/A.PROPERTIES`]: 'upper case',
        [`${conf}/sub/c.properties`]: 'sub-folder',
        [`${modules}/lib/z.jar`]: 'z',
        [`${modules}/lib/readme.txt`]: 'text',
        [`${modules}/lib/sub/y.jar`]: 'sub-folder',
      }),
    );
    assert.deepEqual(await collected(caCollector.collect(context)), {
      'a.properties': 'a',
      'b.properties': 'b',
      'z.jar': 'z',
    });
    assert.equal(await caCollector.estimate!(context), 3);
    assert.deepEqual(context.warnings, []);
  });
});

describe('the component ma', () => {
  it('takes assertion archives from their folder only', async (test) => {
    const context = recordingContext(
      makeMachine(test, {
        [`${modules}/assertions/One.aar`]: '1',
        [`${modules}/assertions/Two.jar`]: '2',
        [`${modules}/assertions/three.txt`]: '3',
        [`${modules}/assertions/sub/Four.aar`]: '4',
      }),
    );
    assert.deepEqual(await collected(maCollector.collect(context)), { 'One.aar': '1', 'Two.jar': '2' });
  });

  it('takes a missing folder as an empty one, with a warning', async (test) => {
    const machine = makeMachine(test);
    const context = recordingContext(machine);
    assert.deepEqual(await collected(maCollector.collect(context)), {});
    const folder = join(machine.gatewayRoot, 'Gateway/runtime/modules/assertions');
    assert.deepEqual(context.warnings, [`The folder ${folder} does not exist: it is taken as empty.`]);
  });

  it('takes an empty folder as a success without a warning', async (test) => {
    const machine = makeMachine(test);
    mkdirSync(join(machine.gatewayRoot, 'Gateway/runtime/modules/assertions'), { recursive: true });
    const context = recordingContext(machine);
    assert.deepEqual(await collected(maCollector.collect(context)), {});
    assert.deepEqual(context.warnings, []);
  });

  it('fails when a file is where its folder should be', async (test) => {
    const context = recordingContext(makeMachine(test, { [`${modules}/assertions`]: 'file' }));
    await assert.rejects(
      collected(maCollector.collect(context)),
      (error) =>
        isBackupError(error) && error.code === 'SOURCE_UNREADABLE' && error.reason === 'not-a-folder',
    );
  });
});

describe('the component os', () => {
  it('takes the regular files of the list, under their absolute paths', async (test) => {
    const machine = makeMachine(test, {
      [osList]:
        '# comment\r\n/etc/hosts\r\n\n  /etc/sysconfig/network  \n/etc/missing\n/etc/hosts\n/etc//a/../issue\n',
      'etc/hosts': 'hosts',
      'etc/sysconfig/network': 'network',
      'etc/issue': 'issue',
      'etc/unlisted': 'unlisted',
    });
    const context = recordingContext(machine);
    assert.deepEqual(await collected(osCollector.collect(context)), {
      'etc/hosts': 'hosts',
      'etc/issue': 'issue',
      'etc/sysconfig/network': 'network',
    });
    assert.equal(await osCollector.estimate!(context), 17);
    assert.deepEqual(context.warnings, []);
  });

  it('finds a listed file below the gateway there, without the prefix of the host', async (test) => {
    const machine = makeMachine(test, { 'SSG/Appliance/etc/profile': 'profile' });
    const file = join(machine.gatewayRoot, 'Appliance/etc/profile');
    makeFiles(machine.gatewayRoot, { 'Gateway/config/backup/cfg/backup_manifest': `${file}\n` });
    assert.deepEqual(await collected(osCollector.collect(recordingContext(machine))), {
      [file.slice(1)]: 'profile',
    });
  });

  it('says which lines name no absolute path, and which paths no regular file', async (test) => {
    const machine = makeMachine(test, { [osList]: 'etc/hosts\n/etc/*\n/etc\n', 'etc/hosts': 'hosts' });
    const context = recordingContext(machine);
    assert.deepEqual(await collected(osCollector.collect(context)), {});
    const list = join(machine.gatewayRoot, osList.slice(4));
    assert.deepEqual(context.warnings, [
      `${list}, line 1: etc/hosts is not absolute and was left out.`,
      `${join(machine.hostRoot, 'etc')} was left out: it is a folder.`,
    ]);
  });

  it('does not climb out of the host with dots or with a link', async (test) => {
    const machine = makeMachine(test, { [osList]: '/../../../../../../etc/hostname\n/etc/link\n' });
    mkdirSync(join(machine.hostRoot, 'etc'));
    symlinkSync('/etc/passwd', join(machine.hostRoot, 'etc/link'));
    const context = recordingContext(machine);
    assert.deepEqual(await collected(osCollector.collect(context)), {});
    assert.deepEqual(context.warnings, [
      `${join(machine.hostRoot, 'etc/link')} was left out: it is a link that leads out of ${machine.hostRoot}.`,
    ]);
  });

  it('does not apply without an appliance or without the list, and says so', () => {
    const machine = { gatewayRoot: '/opt/SecureSpan', hostRoot: '/' };
    assert.deepEqual(osCollector.applicability(testGatewayFacts(machine)), { applies: true });
    assert.deepEqual(osCollector.applicability(testGatewayFacts(machine, { isAppliance: false })), {
      applies: false,
      explanation: 'This is not an appliance: there is no folder /opt/SecureSpan/Appliance.',
    });
    assert.deepEqual(osCollector.applicability(testGatewayFacts(machine, { hasOsManifest: false })), {
      applies: false,
      explanation:
        'The list of operating-system files is missing: /opt/SecureSpan/Gateway/config/backup/cfg/backup_manifest.',
    });
  });
});

describe('the component esm', () => {
  const files = {
    'SSG/EnterpriseManager/etc/omp.dat': 'omp',
    'SSG/EnterpriseManager/etc/conf/x.xml': 'x',
    'SSG/EnterpriseManager/var/db/derby.log': 'log',
    'SSG/EnterpriseManager/var/db/seg0/c10.dat': 'data',
    'SSG/EnterpriseManager/var/db/seg0/derby.log': 'inner',
    'SSG/EnterpriseManager/var/emconfig.properties': 'em',
    'SSG/EnterpriseManager/var/logs/ssem.log': 'log',
  };

  it('takes configuration, database and emconfig.properties, but not the log of the database', async (test) => {
    const context = recordingContext(makeMachine(test, files));
    assert.deepEqual(await collected(esmCollector.collect(context)), {
      'etc/conf/x.xml': 'x',
      'etc/omp.dat': 'omp',
      'var/db/seg0/c10.dat': 'data',
      'var/db/seg0/derby.log': 'inner',
      'var/emconfig.properties': 'em',
    });
    assert.equal(await esmCollector.estimate!(context), 15);
  });

  it('fails without emconfig.properties', async (test) => {
    const machine = makeMachine(test, files);
    rmSync(join(machine.gatewayRoot, 'EnterpriseManager/var/emconfig.properties'));
    await assert.rejects(
      collected(esmCollector.collect(recordingContext(machine))),
      /emconfig\.properties is missing/,
    );
  });

  it('applies when it is installed and not running', () => {
    const machine = { gatewayRoot: '/opt/SecureSpan', hostRoot: '/' };
    assert.deepEqual(esmCollector.applicability(testGatewayFacts(machine)), { applies: true });
    assert.deepEqual(
      esmCollector.applicability(testGatewayFacts(machine, { esm: { installed: false, running: false } })),
      {
        applies: false,
        explanation:
          'The Enterprise Service Manager is not installed: there is no folder /opt/SecureSpan/EnterpriseManager.',
      },
    );
    assert.deepEqual(
      esmCollector.applicability(
        testGatewayFacts(machine, { esm: { installed: true, running: true, pid: 7 } }),
      ),
      {
        applies: false,
        explanation:
          'The Enterprise Service Manager is running as process 7. Stop it before it is backed up.',
      },
    );
  });
});
