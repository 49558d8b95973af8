// awk: prints fields of lines.

import type { ToolTable } from '../table.ts'

export const awk = (): ToolTable => ({
  tools: ['awk', 'gawk', 'mawk', 'nawk', 'original-awk'],
  about:
    'Prints fields of lines: tests, counters and `print`, without pipes, `>` inside braces, or functions that reach other files and programs.',
  forms: [
    {
      why: 'prints fields',
      options: [
        { names: '-F', value: 'text', why: 'what separates fields' },
        { names: '-v', value: 'awk-variable', why: 'a variable of the program' },
      ],
      operands: 'awk read*',
      dashes: 'none',
    },
    { why: 'says its version', needs: '--version', options: [{ names: '--version', why: 'says its version' }] },
  ],
  asks: [
    { what: '-f, --file, -e, --source, -i, --include, -l, --load, -E, --exec', why: 'loads other code' },
    { what: '-o, --pretty-print, -d, --dump-variables, -p, --profile, -D, --debug, -W', why: 'writes files' },
  ],
})
