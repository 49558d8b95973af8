// The kit's hands on a real ngircd.

import { Secret } from '../../plan/plan.ts'
import { REPEAT_NOTE } from '../chat-sender.ts'
import { type KitDriver, type KitPlatform, until } from '../kit/index.ts'
import { createIrcNetwork, hasNgircd, IRC_PASSWORD } from './fake/ngircd.ts'
import { irc } from './index.ts'
import { plainText } from './lines.ts'

const NONE = 'IRC has no such thing'
const FORGETS = 'IRC servers keep nothing for someone who is away'

export const ircDriver: KitDriver = {
  name: 'IRC',
  definition: irc,
  absent: () => (hasNgircd() ? null : 'ngircd is not installed (apt-get install -y ngircd)'),
  formats: ['bold', 'italic', 'code'],
  cannot: {
    threads: NONE,
    replies: NONE,
    edits: NONE,
    mediaIn: NONE,
    typing: NONE,
    streaming: 'IRC lines cannot be edited; the answer comes at the end',
    approvals: 'IRC has no buttons; approvals are commands (/approve ID)',
    restart: FORGETS,
    code: 'a line of code is a message of its own',
    rateLimit: 'IRC servers do not say when to wait; lines are paced',
    repeat: 'a lost connection loses the server’s word; tried in the channel’s own test',
    malformed: 'a real server sends nothing malformed; a server that does is tried in the channel’s own test',
  },
  limits: {
    mediaOut: 'IRC carries no files; people read their names and sizes',
    disconnects:
      'what is said while it is away is lost, as IRC servers keep nothing; replies wait, and are sent again with a note',
  },
  async start(): Promise<KitPlatform> {
    const network = await createIrcNetwork()
    const group = '#claw'
    const people = [await network.person('ann', [group]), await network.person('bob', [group])] as const
    const settings = {
      server: '127.0.0.1',
      nick: 'claw',
      join: [group],
      identifyBy: 'hostmask',
      password: new Secret(IRC_PASSWORD),
    }
    return {
      apiRoot: `irc://127.0.0.1:${network.port}`,
      settings,
      badSettings: { ...settings, password: new Secret('wrong-password') },
      users: ['~ann@127.0.0.1', '~bob@127.0.0.1'],
      group,
      async say({ place, user = 0, text, mention, bot }) {
        const target = place === 'direct' ? 'claw' : group
        const words = mention === true ? `claw: ${text}` : text
        if (bot === true) people[user].raw(`NOTICE ${target} :${words}`)
        else people[user].say(target, words)
        return ''
      },
      seen: (place, user = 0) =>
        people[user].heard
          .filter((line) => line.from.startsWith('claw') && (place === 'direct') === !line.target.startsWith('#'))
          // A note is a line of its own and belongs to the next.
          .flatMap((line, index, all) => {
            if (plainText(line.text) === REPEAT_NOTE) return []
            return plainText(all[index - 1]?.text ?? '') === REPEAT_NOTE
              ? [{ ...line, text: `${REPEAT_NOTE} ${line.text}` }]
              : [line]
          })
          .map((line) => ({
            ref: '',
            text: line.text.replace(/\p{Cc}/gu, ''),
            formats: [
              ...(line.text.includes('\x02') ? ['bold'] : []),
              ...(line.text.includes('\x1d') ? ['italic'] : []),
              ...(line.text.includes('\x11') ? ['code'] : []),
            ],
            buttons: [],
            edits: 0,
            answers: false,
          })),
      async disconnect() {
        network.cut()
        await until('the cut', () => network.wires() === 0)
      },
      isConnected: () => network.wires() > 0,
      forgets: true,
      breakDown: () => network.block(),
      heal: () => network.fix(),
      refuse: () => people[0].quit(),
      stop: () => network.stop(),
    }
  },
}

export const drivers: readonly KitDriver[] = [ircDriver]
