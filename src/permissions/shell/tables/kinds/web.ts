// Kinds of what is asked of an http or https address.

import { posix } from 'node:path'
import { type KindRule, matching, NONE, read, write } from './rule.ts'

export const URL_TEXT = /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*)?$/
const LOCAL_URL = /^(localhost|127\.0\.0\.1)(:[0-9]{1,5})?(\/[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*)?$/
const NOT_A_URL = 'it is no plain http or https address (without braces, brackets or a user name)'

const isName = (part: string): boolean => part !== '' && !/\s/.test(part)

export const WEB = {
  nowhere: matching('`/dev/null` or `-`', /^(\/dev\/null|-)$/),
  url: { about: 'http or https address', fit: (text) => (URL_TEXT.test(text) ? NONE : { no: NOT_A_URL }) },
  'url-or-local': {
    about: 'http or https address, or localhost',
    fit: (text) => (URL_TEXT.test(text) || LOCAL_URL.test(text) ? NONE : { no: NOT_A_URL }),
  },
  data: {
    about: 'text to send, no file',
    fit: (text) =>
      /^@|%output\{/.test(text) || /(^|=)[@<]/.test(text) ? { no: 'with `@` or `<` it reads a file' } : { files: [] },
  },
  'write-out': {
    about: 'what to print of the answer',
    fit: (text) => (/^@|%output\{/.test(text) ? { no: 'it reads or writes a file' } : NONE),
  },
  'send-data': {
    about: 'text to send, no file',
    fit: (text) =>
      /^@/.test(text)
        ? { no: 'with `@` it reads a file' }
        : {
            files: text
              .split(/[=&]/)
              .filter(isName)
              .map((part) => read(part)),
          },
  },
  header: {
    about: 'header line',
    fit: (text) => (/^[A-Za-z0-9-]+\s*:/.test(text) ? NONE : { no: 'it is no header line' }),
  },
  download: {
    about: 'http or https address of a file',
    fit: (text) => {
      const found = /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/([A-Za-z0-9\-._~/]*))?$/.exec(text)
      return found === null
        ? { no: NOT_A_URL }
        : { files: [write('index.html'), write(posix.basename(found[1] ?? '') || 'index.html')] }
    },
  },
} as const satisfies Record<string, KindRule>
