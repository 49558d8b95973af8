import { once } from 'node:events'
import t from 'tap'
import { abortSignal, Stop } from '../../src/stop.ts'

t.test('as an AbortController and its signal', (t) => {
  const stop = new Stop()
  const heard: string[] = []
  const gone = (): number => heard.push('gone')
  const kept = (): number => heard.push('kept')
  stop.addEventListener('abort', gone)
  stop.addEventListener('abort', kept)
  stop.addEventListener('abort', kept)
  stop.removeEventListener('abort', gone)
  stop.throwIfAborted()
  t.equal(stop.aborted, false)
  stop.abort()
  stop.abort(new Error('too late'))
  stop.addEventListener('abort', gone)
  t.same(heard, ['kept'], 'once, and nobody who came after it')
  t.equal(stop.aborted, true)
  t.match(stop.reason, { name: 'AbortError' })
  t.throws(() => stop.throwIfAborted(), { name: 'AbortError' })
  t.end()
})

t.test('the real thing says what it says, whenever it is asked for', async (t) => {
  const stop = new Stop()
  const early = abortSignal(stop)
  t.type(early, AbortSignal)
  t.equal(abortSignal(stop), early)
  const heard = once(early, 'abort')
  const reason = new Error('enough')
  stop.abort(reason)
  await heard
  t.equal(early.reason, reason)
  const late = new Stop()
  late.abort(reason)
  t.equal(abortSignal(late).aborted, true)
  t.equal(abortSignal(late).reason, reason)
})

t.test('a real one is one already', (t) => {
  const { signal } = new AbortController()
  t.equal(abortSignal(signal), signal)
  t.end()
})
