// Teams beyond the kit: tokens both ways, pictures and other files, answers to the bot, first words.

import t, { type Test } from 'tap'
import { createHooksServer } from '../../src/channels/kit/hooks-server.ts'
import { teams } from '../../src/channels/registry.ts'
import { createFakeTeams } from '../../src/channels/teams/fake/server.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock } from '../support/channel-host.ts'
import { testdir } from '../support/testdir.ts'

const ANN = 'aaaaaaaa-0000-4000-8000-000000000001'
const GROUP = '19:general@thread.tacv2'

async function trial(test: Test) {
  const [fake, hooks] = [await createFakeTeams(), await createHooksServer()]
  fake.target(`${hooks.url}/hooks/teams`)
  const settings = { appId: fake.appId, appPassword: new Secret(fake.password) }
  const host = createChannelHost({
    type: 'teams',
    clock: fastClock(50),
    apiRoot: fake.url,
    stateFolder: testdir(test, {}),
    settings,
  })
  const channel = (await teams.load())(host)
  hooks.channel = channel
  test.teardown(async () => {
    await channel.stop()
    await fake.stop()
    await hooks.stop()
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  return { fake, host, channel }
}

t.test('a call is taken only under a token of the platform, for this bot, from the service it names', async (t) => {
  const { fake, host } = await trial(t)
  const conversation = { id: fake.conversationOf(ANN), conversationType: 'personal' }
  const activity = fake.activity({ from: { id: '29:a', aadObjectId: ANN }, conversation, text: 'hi' })
  const status = async (token: string) => (await fake.call(activity, token)).status
  t.equal(await status(''), 401)
  t.equal(await status('Bearer x.y.z'), 401)
  t.equal(await status(`Bearer ${await fake.tokenFor(fake.url, fake.foreignKey)}`), 401)
  t.equal(await status(`Bearer ${await fake.tokenFor(fake.url, undefined, 'another-app')}`), 401)
  t.equal(await status(`Bearer ${await fake.tokenFor('https://evil.test')}`), 403)
  t.same(host.received, [])
  t.equal(await status(`Bearer ${await fake.tokenFor(fake.url)}`), 200)
  t.match(host.received, [{ userId: ANN, content: 'hi' }])
})

t.test('pictures go out, of other files people read the names', async (t) => {
  const { fake, host, channel } = await trial(t)
  fake.say({ from: ANN, text: 'hello' })
  await host.until('it', () => host.received.length === 1)
  const picture = { kind: 'image', mediaType: 'image/png', name: 'dot.png', data: Buffer.from('picture') } as const
  const report = { kind: 'document', mediaType: 'application/pdf', name: 'report.pdf', data: Buffer.from('%PDF') } as const
  await deliver(channel, host, { content: 'two files', userId: ANN, attachments: [picture, report] })
  t.match(fake.sent(fake.conversationOf(ANN)), [
    { text: 'two files' },
    { attachments: [{ contentUrl: `data:image/png;base64,${picture.data.toString('base64')}` }] },
    { text: /report\.pdf.*cannot be sent/ },
  ])
})

t.test('an answer to the bot needs no mention; a thread is answered in the thread', async (t) => {
  const { fake, host, channel } = await trial(t)
  fake.say({ from: ANN, group: GROUP, thread: '17', text: 'hello', mention: true })
  await host.until('it', () => host.received.length === 1)
  t.match(host.received, [{ content: 'hello', mentionsBot: true, groupId: GROUP, threadId: '17', displayName: `name of ${ANN}` }])
  await deliver(channel, host, { content: 'hi', groupId: GROUP, threadId: '17' })
  const [answer] = fake.sent(`${GROUP};messageid=17`)
  t.equal(answer?.text, 'hi')
  fake.say({ from: ANN, group: GROUP, thread: '17', text: 'thanks', ...(answer === undefined ? {} : { answers: answer }) })
  await host.until('the answer', () => host.received.length === 2)
  t.match(host.received[1], { mentionsBot: true, quoted: { content: 'hi' } })
})

t.test('a bot cannot write first, and says so', async (t) => {
  const { host, channel } = await trial(t)
  await t.rejects(deliver(channel, host, { content: 'hello', userId: ANN }), /written to before/)
})
