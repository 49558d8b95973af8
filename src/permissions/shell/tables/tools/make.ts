// make and ninja: targets that stand in the project's own file.

import type { ToolTable } from '../table.ts'

export const make = (): ToolTable => ({
  tools: ['make', 'gmake'],
  about: 'Targets of the Makefile in the folder. What they do is what the Makefile says.',
  forms: [
    {
      why: 'builds targets of the Makefile',
      options: [
        {
          names: `-B --always-make -k --keep-going -S --no-keep-going --stop -n --just-print --dry-run --recon -q --question -s --silent --quiet
            --no-silent -t --touch -v --version -h --help -w --print-directory --no-print-directory --no-builtin-rules -r --warn-undefined-variables
            -i --ignore-errors --trace`,
          why: 'how targets are built',
        },
        { names: '-j --jobs', attached: 'number', why: 'how many at once' },
        { names: '-l --load-average --max-load', attached: 'number', why: 'how many at once' },
        { names: '-O --output-sync', attached: 'none|line|target|recurse', why: 'in which order output comes' },
      ],
      operands: 'make-target*',
      dashes: 'none',
      runsProject: true,
    },
  ],
  asks: [
    {
      what: '-f, --file, --makefile, -C, --directory, -I, --include-dir, -E, --eval',
      why: 'uses another Makefile, or text as one',
    },
    { what: '-e, --environment-overrides, -o, --old-file, -W, --what-if', why: 'changes what the Makefile means' },
    { what: '-p, --print-data-base, -d, --debug', why: 'shows the environment' },
  ],
})
