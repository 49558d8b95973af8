// ninja: targets of the build file in the folder.

import type { ToolTable } from '../table.ts'

export const ninja = (): ToolTable => ({
  tools: ['ninja'],
  about: 'Targets of build.ninja in the folder.',
  forms: [
    {
      why: 'builds targets of the build file',
      options: [
        { names: '-v --verbose -n --quiet --version -h --help', why: 'how targets are built' },
        { names: '-j -k -l', value: 'number', why: 'how many at once' },
      ],
      operands: 'make-target*',
      dashes: 'none',
      runsProject: true,
    },
  ],
  asks: [{ what: '-f, -C, -t, -d, -w', why: 'uses another build file, or tools of ninja' }],
})
