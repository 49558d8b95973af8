import t from 'tap'
import { passesBare } from '../support/bare.ts'

// A runner's hooks load files of their own into each process, which would be counted as ours.
t.test('work that must not creep up, in processes no runner has hooked', (t) => passesBare(t, import.meta.url, './guard.bare.js'))
