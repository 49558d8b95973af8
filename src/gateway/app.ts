// The routes of the one port. Authenticated requests enter with their rights; each path says here which rights it wants.

import type { IncomingMessage } from 'node:http'
import { Hono } from 'hono'
import type { Engine } from '../engine/port.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../ports.ts'
import { createApi } from './api.ts'
import type { Rights } from './auth.ts'
import { type ChatDeps, chat } from './chat.ts'
import { serveFile } from './files.ts'
import { metricsText } from './metrics.ts'
import { apiProblem, complete, listModels, showModel } from './openai.ts'
import type { Page } from './page.ts'
import { problem, readBody, sayable } from './replies.ts'
import type { Env } from './types.ts'

export interface AppDeps extends ChatDeps {
  readonly page: Page
  readonly log: Logger
  /** The rights that authentication gave the request's sender. */
  readonly rightsOf: (request: IncomingMessage) => Rights
  readonly sockets: () => number
}

export function createApp(deps: AppDeps): Hono<Env> {
  const { engine, page, log } = deps
  const app = new Hono<Env>()

  app.use('*', async (c, next) => {
    c.set('rights', deps.rightsOf(c.env.incoming))
    await next()
  })
  app.onError((error, c) => {
    const forModels = c.req.path.startsWith('/v1/')
    const answer = forModels ? apiProblem : problem
    const rights = c.get('rights')
    const known = sayable(error, rights === 'owner' || rights === 'trusted')
    if (known === error) return answer(known.status, known.code, known.message)
    if (c.env.outgoing.destroyed) return new Response(null, { status: 499 })
    log.error({ path: c.req.path, error: messageOf(error) }, 'a request failed')
    if (known !== null) return answer(known.status, known.code, known.message)
    return answer(500, 'internal', 'This request could not be carried out; the log has the reason.')
  })
  app.notFound(() => problem(404, 'not_found', 'There is nothing here.'))

  // Open to all: the page's own files, files of replies by addresses that cannot be guessed, and platforms that call in with signatures of their own.
  app.get('/assets/:name', (c) => page.serve(c.req.param('name'), { ifNoneMatch: c.req.header('if-none-match') }) ?? c.notFound())
  app.get('/', (c) => {
    // A browser can't send a token with a page's address: without one, the page itself asks for it.
    const status = c.get('rights') === 'none' ? 401 : 200
    return page.serve('index.html', { ifNoneMatch: c.req.header('if-none-match'), status }) ?? c.notFound()
  })
  app.get('/files/:id/:name', (c) => serveFile(engine, c.req.param('id'), c.req.param('name')))
  app.all('/hooks/:channelId', (c) => webhook(engine, c.req.param('channelId'), c.env.incoming))

  app.use('*', async (c, next) => {
    if (c.get('rights') === 'none') return problem(401, 'unauthorized', 'The gateway token is missing or wrong.')
    // A form or a script elsewhere can post plain text without asking first; JSON it can't.
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !isJson(c.req.header('content-type'))) {
      return problem(415, 'content_type', 'The content type must be application/json.')
    }
    return await next()
  })

  app.post('/chat', (c) => chat(c, deps))
  app.get('/status', async (c) => c.json(await engine.status()))
  app.get('/metrics', async (c) =>
    c.text(await metricsText(engine, deps.sockets()), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  app.get('/v1/models', () => listModels(deps))
  app.get('/v1/models/:model', (c) => showModel(deps, c.req.param('model')))
  app.post('/v1/chat/completions', (c) => complete(c, deps))
  app.route('/api', createApi(engine))
  return app
}

const isJson = (type: string | undefined): boolean => /^application\/json\s*(;|$)/i.test(type ?? '')

async function webhook(engine: Engine, channelId: string, incoming: IncomingMessage): Promise<Response> {
  const url = incoming.url ?? '/'
  const at = url.includes('?') ? url.indexOf('?') : url.length
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) if (value !== undefined) headers[name] = String(value)
  const body = await readBody(incoming, engine.plan.gateway.maxBodyBytes)
  const answer = await engine.webhook(channelId, {
    method: incoming.method ?? 'GET',
    path: url.slice(0, at),
    query: new URLSearchParams(url.slice(at)),
    headers,
    body,
  })
  if (answer === null) return problem(404, 'unknown_channel', `Channel "${channelId}" takes no calls.`)
  return new Response(answer.body ?? null, { status: answer.status, headers: { ...answer.headers } })
}
