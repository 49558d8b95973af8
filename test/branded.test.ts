import t from 'tap'
import { branded } from '../src/branded.ts'
import { ChannelError, RefusedError } from '../src/channels/channel-errors.ts'
import { GateError } from '../src/permissions/port.ts'
import { Secret } from '../src/plan/plan.ts'

t.test('instanceof knows objects of another copy of a class, and no others', async (t) => {
  const copy = (): { new (): object } => {
    class Thing {}
    branded(Thing, 'Thing of the test')
    return Thing
  }
  const [One, Two] = [copy(), copy()]
  class Special extends One {}
  t.ok(new One() instanceof Two)
  t.ok(new Special() instanceof One)
  t.ok(new Special() instanceof Two)
  t.notOk(new One() instanceof Special, 'a special one is more')
  t.ok(new Special() instanceof Special)
  for (const other of [{}, null, undefined, 'x', new Error('x')]) t.notOk((other as object) instanceof One)
})

t.test('the classes that cross into plugins', async (t) => {
  const refused = new RefusedError('Chat', new Error('401'))
  t.ok(refused instanceof ChannelError && refused instanceof Error)
  t.notOk(new ChannelError('no', { retry: false }) instanceof RefusedError)
  t.notOk(new GateError('no') instanceof ChannelError)
  t.ok(new Secret('s') instanceof Secret)
})
