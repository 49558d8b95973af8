// Mattermost beyond the kit: the bot's name, threads it began, what calls everyone.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createFakeMattermost } from '../../src/channels/mattermost/fake/server.ts'
import { readText } from '../../src/channels/mattermost/intake.ts'
import { mattermost } from '../../src/channels/registry.ts'
import { Secret } from '../../src/plan/plan.ts'
import { createChannelHost, deliver, fastClock } from '../support/channel-host.ts'

t.test('the name is cut where it is a mention, and only there', async (t) => {
  t.same(readText('@claw, what is it?', 'claw'), { text: 'what is it?', mentioned: true })
  t.same(readText('is it @Claw?', 'claw'), { text: 'is it?', mentioned: true })
  for (const text of ['@clawson hi', 'mail me@claw', '@claw.test hi', '@claw-2 hi', 'claw hi'])
    t.same(readText(text, 'claw'), { text, mentioned: false })
})

t.test('a thread of the bot needs no mention; a permalink is a forward; nobody is called', async (t) => {
  const fake = await createFakeMattermost()
  const folder = await mkdtemp(join(tmpdir(), 'claw-mattermost-'))
  const [ann, group] = [fake.user('ann'), fake.group()]
  const host = createChannelHost({
    type: 'mattermost',
    clock: fastClock(50),
    stateFolder: folder,
    settings: { url: `${fake.url}/`, token: new Secret(fake.token) },
  })
  const channel = (await mattermost.load())(host)
  t.teardown(async () => {
    await channel.stop()
    await fake.stop()
    await rm(folder, { recursive: true, force: true })
  })
  await channel.start()
  await host.until('connected', () => host.state.state === 'connected')
  await deliver(channel, host, { content: 'good morning, @all and @channel', groupId: group })
  const [root] = fake.sent(group)
  t.equal(root?.message, 'good morning, @\u200ball and @\u200bchannel')
  fake.say({ user_id: ann, channel_id: group, message: 'good morning', root_id: root?.id as string })
  const embeds = [{ type: 'permalink', data: { post: { message: 'what was said' } } }]
  fake.event('posted', {
    channel_type: 'O',
    post: JSON.stringify({ id: 'p', user_id: ann, channel_id: group, create_at: Date.now(), message: '', metadata: { embeds } }),
  })
  await host.until('both', () => host.received.length === 2)
  t.match(host.received, [
    { mentionsBot: true, threadId: root?.id, displayName: 'ann' },
    { content: '[forwarded message]', forwarded: { content: 'what was said' }, mentionsBot: false },
  ])
})
