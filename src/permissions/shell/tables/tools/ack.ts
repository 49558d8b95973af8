// ack and ag: search a folder.

import type { ToolTable } from '../table.ts'

export const ack = (): ToolTable => ({
  tools: ['ack', 'ag'],
  about: 'Searches text below a folder.',
  style: 'separate',
  forms: [
    {
      why: 'prints the lines that match',
      options: [
        {
          names:
            '-i --ignore-case -w --word-regexp -v --invert-match -Q --literal -l --files-with-matches -L --files-without-matches -c --count -o --nogroup --nocolor --noheading --nopager --noenv --version --help -s --smart-case -S',
          why: 'how hits are found and shown',
        },
        { names: '-A -B -C -m', value: 'number', why: 'how much is shown' },
      ],
      operands: 'text shown-tree*',
      here: 'shown-tree',
    },
  ],
  asks: [
    { what: '--pager, --ackrc, --passthru, --output', why: 'starts a pager, or reads other settings' },
    {
      what: '-u, --unrestricted, --hidden, -f, -p, --path-to-ignore, --files-from',
      why: 'reads hidden files, or a list from a file',
    },
  ],
})
