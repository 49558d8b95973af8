// fd: looks for names, and prints them.

import type { ToolTable } from '../table.ts'

export const fd = (): ToolTable => ({
  tools: ['fd', 'fdfind'],
  about: 'Looks for files by name, and prints what it finds. It opens none of them.',
  forms: [
    {
      why: 'prints names',
      options: [
        {
          names: `-H --hidden -I --no-ignore -u --unrestricted -s --case-sensitive -i --ignore-case -g --glob -F --fixed-strings -a --absolute-path
            -p --full-path -0 --print0 -1 --quiet -q --no-ignore-vcs --prune --one-file-system --version -V --help -h --show-errors`,
          why: 'which names, and how they are printed',
        },
        {
          names: '-d --max-depth --min-depth --exact-depth --max-results -j --threads',
          value: 'number',
          why: 'how deep, how many',
        },
        { names: '-t --type', value: 'word', why: 'which kind' },
        { names: '-e --extension', value: 'word', why: 'which ending' },
        { names: '-E --exclude', value: 'name', why: 'which names' },
        { names: '-S --size --changed-within --changed-before', value: 'amount', why: 'which size or age' },
        { names: '--color -c', value: 'auto|always|never', why: 'how names are printed' },
      ],
      operands: 'text? find-start*',
    },
  ],
  asks: [
    { what: '-x, --exec, -X, --exec-batch', why: 'starts a program for what it finds' },
    { what: '-l, --list-details', why: 'starts `ls`' },
    { what: '-L, --follow, --base-directory, -C, --search-path, --ignore-file', why: 'looks in other folders' },
  ],
})
