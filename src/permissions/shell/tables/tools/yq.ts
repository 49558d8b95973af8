// yq, both tools of that name: reads YAML, prints parts of it.

import type { OptionGroup, ToolTable } from '../table.ts'

const OPTIONS: readonly OptionGroup[] = [
  {
    names:
      '-r --raw-output -c --compact-output -e --exit-status -C -M -N --no-doc -P --prettyPrint -n --null-input -y --yaml-output -V --version -h --help --no-colors --colors',
    why: 'how it is printed',
  },
  {
    names: '-o --output-format -p --input-format',
    value: 'yaml|json|props|csv|tsv|xml|y|j|auto',
    why: 'how it is read and printed',
  },
  { names: '-I --indent', value: 'number', why: 'how it is printed' },
]

export const yq = (): ToolTable => ({
  tools: ['yq'],
  about: 'Reads YAML and prints parts of it: paths, pipes and a few functions.',
  style: 'separate',
  forms: [
    { why: 'prints parts of YAML', options: OPTIONS, operands: 'yq read*' },
    { why: 'prints parts of YAML', options: OPTIONS, operands: 'eval|e|eval-all|ea yq read*' },
    { why: 'says its version', needs: '-V --version -h --help', options: OPTIONS },
  ],
  asks: [
    { what: '-i, --inplace, -s, --split-exp, --split-exp-file, --in-place', why: 'writes files' },
    { what: '--from-file, -f, --expression', why: 'loads other code' },
  ],
})
