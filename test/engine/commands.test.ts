import t from 'tap'
import { isCommandFor } from '../../src/channels/commands.ts'
import { CHAT_COMMANDS, parseCommand } from '../../src/plan/chat-commands.ts'
import { makePlan } from '../support/make-plan.ts'

t.test('one list of commands: the engine knows each, and none needs a mention', async (t) => {
  const plan = makePlan({ agents: { main: {} } })
  for (const word of CHAT_COMMANDS) {
    t.ok(parseCommand(word), word)
    t.ok(parseCommand(word.toUpperCase()), `${word} in capitals`)
    t.ok(isCommandFor(plan, 'http', word.toUpperCase()), `${word} in a group`)
  }
  t.equal(parseCommand('/research'), null)
  t.notOk(isCommandFor(plan, 'http', '/research'))
})

t.test('what stands behind a command', async (t) => {
  t.same(parseCommand('/reset'), { name: 'new' })
  t.same(parseCommand('/resume all'), { name: 'resume' })
  t.same(parseCommand('/stop ALL'), { name: 'stop', all: true })
  t.match(parseCommand('/stop everything'), { name: 'malformed' })
  for (const text of ['/reset my password please', '/new ideas?', '/resume the story', '/help me', 'say /new'])
    t.equal(parseCommand(text), null, `${text} is for the agent`)
})
