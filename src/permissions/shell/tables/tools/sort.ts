// sort: prints lines in order.

import type { ToolTable } from '../table.ts'

export const sort = (): ToolTable => ({
  tools: ['sort', 'gsort'],
  about: 'Prints lines in order.',
  forms: [
    {
      why: 'prints lines in order',
      options: [
        {
          names: `-b --ignore-leading-blanks -d --dictionary-order -f --ignore-case -g --general-numeric-sort -i --ignore-nonprinting -M --month-sort
            -h --human-numeric-sort -n --numeric-sort -R --random-sort -r --reverse -V --version-sort -m --merge -s --stable -u --unique
            -z --zero-terminated -c -C --debug --version --help`,
          why: 'in which order',
        },
        { names: '--sort', value: 'general-numeric|human-numeric|month|numeric|random|version', why: 'in which order' },
        { names: '--check', attached: 'quiet|silent|diagnose-first', why: 'says whether they are in order' },
        { names: '-k --key -t --field-separator', value: 'text', why: 'which part of a line counts' },
        { names: '--parallel --batch-size', value: 'number', why: 'how much at once' },
        { names: '-S --buffer-size', value: 'amount', why: 'how much at once' },
      ],
      operands: 'read*',
    },
  ],
  asks: [
    { what: '-o, --output', why: 'writes a file' },
    { what: '--compress-program', why: 'starts a program' },
    {
      what: '-T, --temporary-directory, --files0-from, --random-source',
      why: 'writes to another folder, or reads a list from a file',
    },
  ],
})
