// wget: fetches under a name that its words say.

import type { ToolTable } from '../table.ts'

export const wget = (): ToolTable => ({
  tools: ['wget', 'wget2'],
  about:
    'Fetches a file under the last part of its address, prints the answer (`-O -`), or looks whether it is there (`--spider`).',
  forms: [
    {
      why: 'prints what an address answers',
      needs: '-O --output-document --spider',
      options: [
        { names: '-O --output-document', value: 'nowhere', why: 'the answer is printed or thrown away' },
        { names: '--spider', why: 'only looks whether it is there' },
        {
          names:
            '-q --quiet --no-verbose -v --verbose -S --server-response --show-progress -4 -6 --inet4-only --inet6-only --https-only --no-cache --no-cookies --no-netrc',
          why: 'how it is asked',
        },
        { names: '-n', attached: 'v|c', why: 'how much it says' },
        {
          names: '-t --tries -T --timeout --connect-timeout --read-timeout -w --wait --max-redirect',
          value: 'number',
          why: 'how long, how often',
        },
        { names: '-U --user-agent', value: 'text', why: 'what is asked' },
        { names: '--header', value: 'header', why: 'what is asked' },
        { names: '--method', value: 'GET|HEAD', why: 'what is asked' },
      ],
      operands: 'url+',
      dashes: 'none',
    },
    {
      why: 'fetches a file under the last part of its address',
      options: [
        {
          names:
            '-q --quiet --no-verbose -v --verbose -S --server-response --show-progress -4 -6 --https-only --no-cache --no-cookies --no-netrc -N -c --continue --timestamping',
          why: 'how it is asked',
        },
        { names: '-n', attached: 'v|c', why: 'how much it says' },
        {
          names: '-t --tries -T --timeout --connect-timeout --read-timeout -w --wait --max-redirect',
          value: 'number',
          why: 'how long, how often',
        },
        { names: '-U --user-agent -R --reject -A --accept', value: 'text', why: 'what is asked' },
      ],
      operands: 'download+',
      dashes: 'none',
    },
    {
      why: 'says its version',
      needs: '-V --version -h --help',
      options: [{ names: '-V --version -h --help', why: 'says its version' }],
    },
  ],
  asks: [
    {
      what: '-o, --output-file, -a, --append-output, -P, --directory-prefix, -x, --force-directories, -r, --recursive, -m, --mirror, --content-disposition, --trust-server-names, --save-cookies, --warc-file, --rejected-log, --hsts-file',
      why: 'writes files',
    },
    { what: '-i, --input-file, -B, --base, --post-file, --body-file, --load-cookies, --config', why: 'reads a file' },
    { what: '-e, --execute, --use-askpass', why: 'changes settings, or starts a program' },
    {
      what: '--user, --password, --certificate, --private-key, --no-check-certificate, --bind-address',
      why: 'sends credentials, or lifts a safeguard',
    },
  ],
})

export const downloaders = (): ToolTable => ({
  tools: ['aria2c', 'axel'],
  about: 'Fetches files under names that the server chooses.',
  forms: [
    {
      why: 'says its version',
      needs: '-v --version -h --help',
      options: [{ names: '-v --version -h --help', why: 'says its version' }],
    },
  ],
  asks: [
    {
      what: '--on-download-complete, --on-download-start, --conf-path, -i, --input-file, -o, --out, -d, --dir',
      why: 'starts programs, or reads and writes files',
    },
  ],
})
