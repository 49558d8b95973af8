// sed: prints lines, changed or not.

import type { OptionGroup, ToolTable } from '../table.ts'

const OPTIONS: readonly OptionGroup[] = [
  {
    names: '-n --quiet --silent -E -r --regexp-extended -u --unbuffered -z --null-data --posix --sandbox -s --separate --debug',
    why: 'how lines are read and printed',
  },
  { names: '-l --line-length', value: 'number', why: 'how lines are printed' },
]

export const sed = (): ToolTable => ({
  tools: ['sed', 'gsed'],
  about: 'Prints lines, changed or not: `p`, `d`, `q`, `=`, and `s` without the flags that write or run.',
  forms: [
    {
      why: 'prints lines',
      options: [...OPTIONS, { names: '-e --expression', value: 'sed', first: true, why: 'a script that only prints' }],
      operands: 'sed read*',
    },
    { why: 'says its version', needs: '--version --help', options: [{ names: '--version --help', why: 'says how it is used' }] },
  ],
  asks: [
    { what: '-i, --in-place', why: 'changes files' },
    { what: '-f, --file', why: 'reads a script from a file' },
  ],
})
