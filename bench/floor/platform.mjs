// The platforms' own client libraries with nothing around them: every message is answered "pong", and nothing is kept.
// Arguments: the platform, and its addresses and tokens as JSON. Prints a line when it is connected.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'

const [platform, json] = process.argv.slice(2)
const at = JSON.parse(json)
const ready = (words = 'ready') => process.stdout.write(`${words}\n`)

const programs = {
  async telegram() {
    const { Bot } = await import('grammy')
    const bot = new Bot(at.token, { client: { apiRoot: at.url } })
    bot.on('message:text', (context) => context.reply('pong'))
    await bot.start({ onStart: () => ready() })
  },

  async discord() {
    const { Client } = await import('discord.js')
    const client = new Client({
      intents: (1 << 12) | (1 << 15),
      rest: { api: `${at.url}/api`, globalRequestsPerSecond: Number.POSITIVE_INFINITY },
    })
    client.on('raw', ({ t, d }) => {
      if (t === 'READY') ready()
      if (t === 'MESSAGE_CREATE' && d.author.bot !== true)
        void client.rest.post(`/channels/${d.channel_id}/messages`, { body: { content: 'pong' } })
    })
    await client.login(at.token)
  },

  async slack() {
    const { SocketModeClient } = await import('@slack/socket-mode')
    const { WebClient } = await import('@slack/web-api')
    const options = { slackApiUrl: `${at.url}/api/` }
    const web = new WebClient(at.botToken, options)
    const socket = new SocketModeClient({ appToken: at.appToken, clientOptions: options })
    socket.on('message', async ({ event, ack }) => {
      await ack()
      if (event.bot_id === undefined) await web.chat.postMessage({ channel: event.channel, text: 'pong' })
    })
    await socket.start()
    ready()
  },

  async irc() {
    const { Client } = await import('irc-framework')
    const client = new Client()
    client.on('registered', () => ready())
    client.on('privmsg', (event) => event.reply('pong'))
    client.connect({ host: '127.0.0.1', port: at.port, tls: false, nick: 'claw', password: at.password })
  },

  async webhook() {
    const sign = (body) => `sha256=${createHmac('sha256', at.secret).update(body).digest('hex')}`
    const server = createServer((request, response) => {
      const parts = []
      request.on('data', (part) => parts.push(part))
      request.on('end', () => {
        const body = Buffer.concat(parts)
        if (request.headers['x-claw-signature'] !== sign(body)) return response.writeHead(401).end()
        response.writeHead(202).end()
        const reply = JSON.stringify({ content: 'pong', target: { userId: JSON.parse(body).userId } })
        const headers = { 'content-type': 'application/json', 'x-claw-signature': sign(reply) }
        void fetch(at.url, { method: 'POST', headers, body: reply }).then((answer) => answer.body?.cancel())
      })
    })
    server.listen(0, '127.0.0.1', () => ready(String(server.address().port)))
  },
}

await programs[platform]()
