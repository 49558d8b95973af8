// node: what it says of itself and of a file, and tests where the grant names them. Scripts are granted exactly.

import type { ToolTable } from '../table.ts'

export const node = (): ToolTable => ({
  tools: ['node', 'nodejs'],
  about:
    'Says its version, looks whether a file can be read, and runs tests where the grant names them (`node --test *`). Scripts are granted exactly.',
  style: 'separate',
  globalOptions: [{ names: '-v --version -h --help --v8-options', why: 'says its version' }],
  forms: [{ why: 'says its version' }],
  commands: {
    '--check, -c': { why: 'looks whether a file can be read', operands: 'read' },
    '--test': {
      why: 'runs the tests of the project',
      options: [
        {
          names: '--test-only --test-force-exit --experimental-test-coverage --enable-source-maps --no-warnings',
          why: 'how tests are run',
        },
        { names: '--test-name-pattern --test-skip-pattern', value: 'text', why: 'which tests' },
        { names: '--test-concurrency --test-timeout', value: 'number', why: 'how many, how long' },
        { names: '--test-reporter', value: 'spec|tap|dot|junit|lcov', why: 'how it is shown' },
      ],
      operands: 'read*',
      dashes: 'none',
      runsProject: true,
    },
  },
  asks: [
    {
      what: '-e, --eval, -p, --print, -i, --interactive, -r, --require, --import, --loader, --experimental-loader, --env-file',
      why: 'runs any code',
    },
    {
      what: '--run, --watch, --inspect, --inspect-brk, --cpu-prof, --heap-prof, --trace-event-file-pattern, --redirect-warnings, --diagnostic-dir',
      why: 'opens a port, never ends, or writes files',
    },
  ],
})
