// The kit's hands on the fake homeserver.

import { Secret } from '../../plan/plan.ts'
import { FASTER, type KitDriver, type KitPlatform, type Place } from '../kit/index.ts'
import { createFakeHomeserver, type FakeEvent } from './fake/server.ts'
import { matrix } from './index.ts'

const SEND = /\/send\/m\.room\.message\//
const FORMATS = { bold: '<strong>', italic: '<em>', code: '<code>', pre: '<pre>', link: '<a ' } as const

export const matrixDriver: KitDriver = {
  name: 'Matrix',
  definition: matrix,
  cannot: { approvals: 'Matrix has no buttons; approvals are commands (/approve ID)' },
  async start(): Promise<KitPlatform> {
    const fake = await createFakeHomeserver()
    const users = ['@ann:fake.test', '@bob:fake.test'] as const
    const group = fake.room([fake.bot, ...users])
    const thread = fake.say(group, users[1], { msgtype: 'm.text', body: 'the root of a thread' }).event_id
    const roomOf = (place: Place, user: 0 | 1 = 0): string => (place === 'direct' ? fake.direct(users[user]) : group)
    const relation = (place: Place, answers: string | undefined, edits: string | undefined): object => {
      if (edits !== undefined) return { 'm.relates_to': { rel_type: 'm.replace', event_id: edits } }
      if (place === 'thread') return { 'm.relates_to': { rel_type: 'm.thread', event_id: thread } }
      return answers === undefined ? {} : { 'm.relates_to': { 'm.in_reply_to': { event_id: answers } } }
    }
    return {
      apiRoot: fake.url,
      settings: { accessToken: new Secret(fake.token), join: 'allowed' },
      badSettings: { accessToken: new Secret('syt_wrong'), join: 'allowed' },
      users,
      group,
      thread: { groupId: group, threadId: thread },
      async say({ place, user = 0, text, mention, answers, edits, file, bot }) {
        const body = mention === true ? `Claw: ${text}` : text
        const content = {
          msgtype: bot === true ? 'm.notice' : 'm.text',
          body: edits === undefined ? body : `* ${body}`,
          ...(edits === undefined ? {} : { 'm.new_content': { msgtype: 'm.text', body } }),
          ...relation(place, answers?.ref, edits),
          ...(file === undefined
            ? {}
            : {
                msgtype: 'm.file',
                filename: file.name,
                url: fake.keepFile(file),
                info: { mimetype: file.mediaType, size: file.data.length },
              }),
        }
        return fake.say(roomOf(place, user), bot === true ? '@robot:fake.test' : users[user], content).event_id
      },
      seen: (place, user) =>
        fake
          .sent(roomOf(place, user))
          .filter((event) => place !== 'thread' || event.content['m.relates_to']?.event_id === thread)
          .map((event) => seenOf(event, fake.media)),
      typing: () => fake.typed(),
      async disconnect() {
        fake.dropConnections()
      },
      isConnected: () => fake.isPolled(),
      limit: (realMs) => fake.fail({ path: SEND, status: 429, retryAfterMs: realMs * FASTER }),
      sendTimes: () => fake.sends,
      breakDown: () => fake.fail({ path: /./, status: 502, times: Number.POSITIVE_INFINITY }),
      heal: () => fake.heal(),
      loseAnswer: () => fake.fail({ path: SEND, after: true }),
      refuse: (place) => fake.kick(roomOf(place)),
      async malformed() {
        fake.say(group, users[0], {}, 'm.room.message')
        fake.say(group, users[0], { msgtype: 'm.text', body: 5 as never })
        fake.say(group, users[0], { membership: 'join' }, 'm.room.member', { state_key: users[0] })
        fake.say(group, users[0], {}, 'org.example.unknown')
        fake.say(group, 7 as never, { msgtype: 'm.text', body: 'x' })
        return 5
      },
      stop: () => fake.stop(),
    }
  },
}

function seenOf(event: FakeEvent, mediaOf: (uri: string) => { data: Buffer; name: string } | undefined) {
  const html = String(event.newest['formatted_body'] ?? '')
  const shown = html
    .replaceAll(/<br>/g, '\n')
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
  const file = typeof event.content.url === 'string' ? mediaOf(event.content.url) : undefined
  return {
    ref: event.event_id,
    text: file === undefined ? shown : '',
    formats: Object.entries(FORMATS).flatMap(([name, tag]) => (html.includes(tag) ? [name] : [])),
    buttons: [],
    edits: event.edits,
    answers: event.content['m.relates_to']?.['m.in_reply_to'] !== undefined,
    ...(file === undefined ? {} : { file }),
  }
}

export const drivers: readonly KitDriver[] = [matrixDriver]
