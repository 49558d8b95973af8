// ripgrep: searches a folder; hidden and ignored files are left out.

import type { ToolTable } from '../table.ts'

export const rg = (): ToolTable => ({
  tools: ['rg'],
  about: 'Searches text below a folder; hidden and ignored files are left out, which keeps `.env` unread.',
  forms: [
    {
      why: 'prints the lines that match',
      options: [
        {
          names: `-F --fixed-strings -i --ignore-case -S --smart-case -s --case-sensitive -w --word-regexp -x --line-regexp -v --invert-match -U --multiline
            --multiline-dotall -P --pcre2 --no-unicode --crlf --null-data`,
          why: 'how the pattern is read',
        },
        {
          names: `-n --line-number -N --no-line-number -c --count --count-matches -l --files-with-matches --files-without-match -o --only-matching -q --quiet
            --heading --no-heading -H --with-filename -I --no-filename --column --json --vimgrep -p --pretty --trim --stats --no-messages
            -b --byte-offset --no-column --block-buffered --line-buffered -0 --null --passthru -a --text --version -V --help -h --no-stats`,
          why: 'how hits are shown',
        },
        {
          names:
            '-A --after-context -B --before-context -C --context -m --max-count -M --max-columns -d --max-depth --maxdepth -j --threads',
          value: 'number',
          why: 'how much is shown',
        },
        { names: '-t --type -T --type-not', value: 'word', why: 'which files' },
        { names: '-g --glob --iglob', value: 'name', why: 'which files' },
        { names: '--sort --sortr', value: 'path|modified|accessed|created|none', why: 'in which order' },
        { names: '--color --colors', value: 'never|auto|always|ansi', why: 'how hits are shown' },
        { names: '--max-filesize', value: 'amount', why: 'which files' },
        { names: '-r --replace', value: 'text', why: 'what is shown in place of a hit; no file is changed' },
        {
          names:
            '--no-ignore-messages --no-require-git --glob-case-insensitive --one-file-system --no-config --no-follow --no-hidden',
          why: 'which files',
        },
        { names: '-e --regexp', value: 'text', first: true, why: 'the pattern' },
      ],
      operands: 'text shown-tree*',
      here: 'shown-tree',
    },
    {
      why: 'lists the files it would search, or kinds of files',
      needs: '--files --type-list --version -V --help -h',
      options: [
        { names: '--files --type-list -0 --null --version -V --help -h --no-messages', why: 'lists names' },
        { names: '-g --glob --iglob', value: 'name', why: 'which files' },
        { names: '-t --type -T --type-not', value: 'word', why: 'which files' },
        { names: '--sort --sortr', value: 'path|modified|accessed|created|none', why: 'in which order' },
      ],
      operands: 'read*',
    },
  ],
  asks: [
    { what: '--pre, --pre-glob, --hostname-bin', why: 'starts a program for what it reads' },
    { what: '-z, --search-zip', why: 'starts programs that unpack' },
    { what: '-f, --file, --ignore-file', why: 'reads a list from a file' },
    { what: '-., --hidden, -u, --unrestricted, -uu, --no-ignore', why: 'reads hidden files such as `.env`' },
    { what: '-L, --follow', why: 'follows links out of the folder' },
    { what: '--debug, --trace', why: 'shows what it was set to' },
  ],
})
