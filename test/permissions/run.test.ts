import t from 'tap'
import { passesBare } from '../support/bare.ts'

t.test('running commands, in a process no runner has hooked', (t) => passesBare(t, import.meta.url, './run.bare.js'))
