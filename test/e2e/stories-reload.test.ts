// What a save does to connections: a changed token reconnects that channel alone, and nothing said meanwhile is lost.

import t from 'tap'
import { createFakeDiscord } from '../../src/channels/discord/fake/server.ts'
import { createFakeSlack } from '../../src/channels/slack/fake/server.ts'
import { createFakeTelegram } from '../../src/channels/telegram/fake/server.ts'
import { type Bot, HEAD } from '../support/bot.ts'
import { until } from '../support/channel-host.ts'
import { lastUserText } from '../support/fake-messages-api.ts'
import {
  counting,
  kept,
  keysOf,
  onDiscord,
  onSlack,
  onTelegram,
  type Speaker,
  stateOf,
  storyBot,
  talk,
  untilState,
} from './stories-world.ts'

interface Place {
  readonly person: Speaker
  /** How often a client has begun on this platform. */
  begun(): number
  /** The platform takes another token from now on, and closes what is open. */
  revoke(): void
}

type Id = 'telegram' | 'discord' | 'slack'
const IDS: readonly Id[] = ['telegram', 'discord', 'slack']

async function three(test: Pick<typeof t, 'teardown'>): Promise<{ places: Record<Id, Place>; yaml(more?: string): string }> {
  const telegram = await kept(test, createFakeTelegram())
  const discord = await kept(test, createFakeDiscord())
  const slack = await kept(test, createFakeSlack())
  return {
    places: {
      telegram: {
        person: onTelegram(telegram, 11),
        begun: () => telegram.calls.filter((call) => call.method === 'getme' && call.ok).length,
        revoke() {
          telegram.setToken('123456:ANOTHER-token')
          telegram.dropConnections()
        },
      },
      discord: {
        person: onDiscord(discord, '700000000000000011'),
        begun: () => discord.identified(),
        revoke() {
          discord.setToken('MTIz.another.token')
          discord.dropConnections()
        },
      },
      slack: {
        person: onSlack(slack, 'U1'),
        begun: () => slack.opened(),
        revoke() {
          slack.setTokens('xoxb-another', 'xapp-another')
          slack.dropConnections()
        },
      },
    },
    yaml: (more = '') => `${HEAD}
agents: { main: { soul: S, queue: { maxBacklog: 1000 } } }
channels:
  telegram: { token: "${telegram.token}", apiRoot: "${telegram.url}"${more} }
  discord: { token: "${discord.token}", apiRoot: "${discord.url}/api"${more} }
  slack: { botToken: "${slack.botToken}", appToken: "${slack.appToken}", apiRoot: "${slack.url}"${more} }
`,
  }
}

const reload = async (bot: Bot, yaml: string): Promise<void> => {
  await bot.save(yaml)
  const { ok } = await bot.claw.engine.reload()
  if (!ok) throw new Error('the reload was refused')
}

for (const id of IDS) {
  t.test(`${id}: a revoked token is a state; a new one by reload reconnects that channel alone and loses nothing`, async (t) => {
    const { places, yaml } = await three(t)
    const bot = await storyBot(yaml(), IDS, { api: { reply: (request) => `re: ${lastUserText(request)}` } })
    t.teardown(() => bot.stop())
    for (const one of IDS) t.equal(await places[one].person.ask('hello'), 're: hello')

    const others = IDS.filter((one) => one !== id)
    const begun = others.map((one) => places[one].begun())
    places[id].revoke()
    await untilState(bot, id, 'failed')
    t.match((await stateOf(bot, id)).detail, /refused/)
    for (const text of ['while away 1', 'while away 2']) for (const one of IDS) places[one].person.say(text)
    for (const one of others) await until(`answers on ${one}`, () => places[one].person.heard().includes('re: while away 2'))
    t.notOk(places[id].person.heard().includes('re: while away 1'), 'nothing gets through with a dead token')

    await reload(bot, yaml())
    await untilState(bot, id, 'connected')
    places[id].person.say('and now')
    await until('the rest', () => places[id].person.heard().includes('re: and now'))
    for (const one of IDS) {
      const all = ['re: hello', 're: while away 1', 're: while away 2', ...(one === id ? ['re: and now'] : [])]
      t.same(places[one].person.heard(), all, `${one}: each once, in order`)
    }
    t.same(
      others.map((one) => places[one].begun()),
      begun,
      'the others kept their connections',
    )
  })
}

t.test('a reply that was being made when its channel restarts arrives, once', async (t) => {
  const { places, yaml } = await three(t)
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const bot = await storyBot(yaml(), IDS, {
    api: {
      reply: async (request) => {
        if (lastUserText(request) === 'think') await held
        return `re: ${lastUserText(request)}`
      },
    },
  })
  t.teardown(() => bot.stop())
  for (const id of IDS) places[id].person.say('think')
  await until('all to think', () => bot.events.filter((event) => event.type === 'turn_start').length === IDS.length)
  for (const id of IDS) places[id].revoke()
  for (const id of IDS) await untilState(bot, id, 'failed')
  release()
  // Tried with the dead token, and kept.
  await until('all to be thought', () => bot.events.filter((event) => event.type === 'turn_end').length === IDS.length)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await reload(bot, yaml())
  for (const id of IDS) {
    await until(`the reply on ${id}`, () => places[id].person.heard().length > 0)
    t.same(places[id].person.heard(), ['re: think'], `${id}: and no word of a repeat`)
  }
})

t.test('settings changed again and again while people go on talking: nothing lost, nothing doubled', async (t) => {
  const { places, yaml } = await three(t)
  const bot = await storyBot(yaml(), IDS, { api: { record: false, reply: (request) => `re: ${lastUserText(request)}` } })
  t.teardown(() => bot.stop())
  for (const id of IDS) await places[id].person.ask('hello')
  const said: string[] = []
  for (let round = 1; round <= 5; round++) {
    const reloading = reload(bot, yaml(`, maxMessageChars: ${1000 + round}`))
    for (let n = 0; n < 12; n++) {
      const text = `number ${round * 100 + n}`
      said.push(text)
      for (const id of IDS) places[id].person.say(text)
      await new Promise((resolve) => setTimeout(resolve, 12))
    }
    await reloading
  }
  for (const id of IDS) {
    // What waits together is answered together, so the questions are counted where they are kept.
    const asked = async (): Promise<string[]> =>
      (await talk(bot, (await keysOf(bot)).find((key) => key.includes(`:${id}:`)) ?? ''))
        .filter((line) => line.startsWith('user: '))
        .flatMap((line) => line.match(/number \d+/g) ?? [])
    for (const end = Date.now() + 60_000; (await asked()).length < said.length && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 20))
    t.same(await asked(), said, `${id}: ${said.length} messages, each once, in order`)
  }
})

t.test('two accounts of one platform, each with its agent', async (t) => {
  const shop = await kept(t, createFakeTelegram({ token: '1:SHOP-token' }))
  const family = await kept(t, createFakeTelegram({ token: '2:FAMILY-token' }))
  const yaml = (agents: string) => `${HEAD}
agents: ${agents}
channels:
  shop: { type: telegram, token: "${shop.token}", apiRoot: "${shop.url}" }
  family: { type: telegram, token: "${family.token}", apiRoot: "${family.url}" }
identityLinks: { ada: ["shop:11", "family:11"] }
routing:
  rules:
    - { channelId: shop, agentId: desk }
    - { channelId: family, agentId: home }
`
  const bot = await storyBot(
    yaml('{ desk: { soul: DESK, sessionScope: per-peer }, home: { soul: HOME, sessionScope: per-channel-peer } }'),
    ['shop', 'family'],
    {
      api: {
        reply: (request) => `${/DESK/.test(JSON.stringify(request.system)) ? 'desk' : 'home'} ${counting(request)}`,
      },
    },
  )
  t.teardown(() => bot.stop())
  const atShop = onTelegram(shop, 11)
  const atHome = onTelegram(family, 11)
  t.equal(await atShop.ask('price?'), 'desk 1: price?')
  t.equal(await atHome.ask('dinner?'), 'home 1: dinner?')
  t.equal(await onTelegram(shop, 22).ask('me too'), 'desk 1: me too', 'another person, another conversation')
  t.same(await keysOf(bot), ['agent:desk:ada', 'agent:desk:shop:22', 'agent:home:family:11'])

  await t.test('moved to the other account, the conversation goes along where the scope is the person', async (t) => {
    await reload(
      bot,
      yaml('{ desk: { soul: DESK, sessionScope: per-peer }, home: { soul: HOME, sessionScope: per-channel-peer } }').replace(
        '- { channelId: family, agentId: home }',
        '- { channelId: family, agentId: desk }',
      ),
    )
    t.equal(await atHome.ask('and the other one?'), 'desk 2: and the other one?')
    t.same(await keysOf(bot), ['agent:desk:ada', 'agent:desk:shop:22', 'agent:home:family:11'], 'no new one')
  })

  await t.test('and stays behind where the scope is the channel', async (t) => {
    await reload(
      bot,
      yaml('{ desk: { soul: DESK, sessionScope: per-peer }, home: { soul: HOME, sessionScope: per-channel-peer } }').replace(
        '- { channelId: shop, agentId: desk }',
        '- { channelId: shop, agentId: home }',
      ),
    )
    t.equal(await atShop.ask('anyone?'), 'home 1: anyone?')
    t.equal(await atHome.ask('where were we?'), 'home 2: where were we?')
    t.ok((await keysOf(bot)).includes('agent:home:shop:11'))
  })

  t.equal(shop.calls.filter((call) => call.method === 'getme').length, 1, 'rules are not connections: nothing reconnected')
})
