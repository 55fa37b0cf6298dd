// Loaded before every test file: a process warning (too many listeners, something deprecated, a promise whose rejection
// was handled late) fails the file, since in a long-lived program it is a leak or a defect.
process.on('warning', (warning) => {
  if (warning.name === 'ExperimentalWarning') return;
  console.error(`A process warning fails this file: ${warning.stack ?? warning.message}`);
  process.exitCode = 1;
});

// Programs that a test starts are other people's, or have their standard error checked.
delete process.env['NODE_OPTIONS'];
