// jq: reads JSON, prints JSON.

import type { ToolTable } from '../table.ts'

export const jq = (): ToolTable => ({
  tools: ['jq', 'gojq'],
  about: 'Reads JSON and prints parts of it. Programs that name the environment or other modules ask.',
  forms: [
    {
      why: 'prints parts of JSON',
      options: [
        {
          names: `-r --raw-output -j --join-output -c --compact-output -n --null-input -e --exit-status -s --slurp -S --sort-keys -a --ascii-output -C
            --color-output -M --monochrome-output --tab -R --raw-input --unbuffered --stream --seq -h --help -V --version --raw-output0`,
          why: 'how it is read and printed',
        },
        { names: '--indent', value: 'number', why: 'how it is printed' },
        { names: '--arg --argjson', value: 'text', twice: true, why: 'a value for the program' },
      ],
      operands: 'jq read*',
      dashes: 'none',
    },
    {
      why: 'says its version',
      needs: '-h --help -V --version',
      options: [{ names: '-h --help -V --version', why: 'says its version' }],
    },
  ],
  asks: [
    { what: '-f, --from-file, -L, --library-path', why: 'loads other code' },
    { what: '--rawfile, --slurpfile, --argfile, --args, --jsonargs', why: 'reads further files or words' },
  ],
})
