// curl: asks an http or https address, and prints the answer.

import type { ToolTable } from '../table.ts'

export const curl = (): ToolTable => ({
  tools: ['curl'],
  about: 'Asks an http or https address and prints the answer. It reads and writes no file.',
  forms: [
    {
      why: 'prints what an address answers',
      options: [
        {
          names: `-s --silent -S --show-error -f --fail --fail-with-body -i --include -I --head -v --verbose -# --progress-bar --no-progress-meter -N --no-buffer
            --raw --no-alpn --tr-encoding --styled-output --no-styled-output`,
          why: 'what is printed',
        },
        {
          names: `-L --location --compressed -G --get --http1.1 --http2 --http1.0 --http2-prior-knowledge -0 -4 --ipv4 -6 --ipv6 --no-keepalive --tcp-nodelay
            --retry-connrefused --retry-all-errors --path-as-is -1 --tlsv1 --tlsv1.2 --tlsv1.3 --ssl-reqd --no-sessionid -g --globoff`,
          why: 'how it is asked',
        },
        {
          names:
            '-m --max-time --connect-timeout --retry --retry-delay --retry-max-time --max-redirs --limit-rate -y --speed-time -Y --speed-limit --max-filesize',
          value: 'amount',
          why: 'how long, how much',
        },
        { names: '-X --request', value: 'GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS', why: 'what is asked' },
        { names: '-H --header', value: 'header', why: 'what is asked' },
        { names: '-A --user-agent -e --referer', value: 'data', why: 'what is asked' },
        { names: '-d --data --data-ascii --data-raw --json', value: 'send-data', why: 'what is sent; no file' },
        { names: '-r --range', value: 'word', why: 'which part' },
        { names: '-o --output', value: 'nowhere', why: 'the answer is thrown away or printed' },
        { names: '-w --write-out', value: 'write-out', why: 'what is printed' },
        { names: '--url', value: 'url-or-local', first: true, why: 'the address' },
      ],
      operands: 'url-or-local+',
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
      what: '-o, --output, -O, --remote-name, -J, --remote-header-name, --output-dir, --create-dirs, -D, --dump-header, -c, --cookie-jar, --trace, --trace-ascii, --stderr, --etag-save, --libcurl, --hsts, --alt-svc',
      why: 'writes a file',
    },
    { what: '-T, --upload-file, -F, --form, --data-binary, --data-urlencode, -b, --cookie, --etag-compare', why: 'sends a file' },
    { what: '-K, --config, --variable, --expand-url', why: 'reads options or values from a file' },
    {
      what: '-u, --user, -n, --netrc, --netrc-file, --netrc-optional, -E, --cert, --key, --oauth2-bearer, --aws-sigv4, --negotiate',
      why: 'sends credentials',
    },
    {
      what: '-x, --proxy, --preproxy, --socks5, --socks4, --resolve, --connect-to, --unix-socket, --abstract-unix-socket, --interface, --dns-servers, --doh-url',
      why: 'sends it another way',
    },
    { what: '-k, --insecure, --proto, --proto-default, --proto-redir, --location-trusted', why: 'lifts a safeguard' },
    {
      what: '--engine, -Q, --quote, -t, --telnet-option, --mail-from, -:, --next, -Z, --parallel',
      why: 'loads code, or speaks other protocols',
    },
  ],
})
