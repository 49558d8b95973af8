// What the page and the command line ask of a running engine: read it, or run something. Configuration is never written
// here. All of it is for the owner and for callers with the gateway token.

import { type Context, Hono } from 'hono'
import type { Engine } from '../engine/port.ts'
import type { Plan } from '../plan/plan.ts'
import { callerOf, type Rights } from './auth.ts'
import { oneOf, optionalId } from './fields.ts'
import { json, problem, RequestProblem, readJson } from './replies.ts'
import type { Env } from './types.ts'

export function createApi(engine: Engine): Hono<Env> {
  const api = new Hono<Env>()
  const operator = (c: Context<Env>) => callerOf(c.get('rights') as Exclude<Rights, 'none'>)
  const body = (c: Context<Env>) => readJson(c.env.incoming, engine.plan.gateway.maxBodyBytes)

  api.use('*', async (c, next) => {
    const rights = c.get('rights')
    if (rights !== 'owner' && rights !== 'trusted') {
      return problem(403, 'forbidden', 'This is for the owner: use the key that `claw run` prints, or the gateway token.')
    }
    return await next()
  })

  api.get('/agents', (c) => c.json({ agents: agents(engine.plan) }))
  api.get('/routes', (c) => c.json(routes(engine.plan)))
  api.get('/channels', async (c) => c.json({ channels: (await engine.status()).channels }))
  api.get('/reloads', (c) => c.json({ reloads: engine.reloadHistory() }))
  api.get('/usage', async (c) => c.json({ usage: await engine.usage(c.req.query('since')) }))

  api.get('/sessions', async (c) => {
    const agentId = c.req.query('agent')
    return c.json({ sessions: await engine.sessions(agentId === undefined ? {} : { agentId }) })
  })
  api.get('/sessions/:key', async (c) => {
    const key = c.req.param('key')
    return c.json({ key, entries: await engine.transcript(await known(key)) })
  })
  api.post('/sessions/:key/reset', async (c) => {
    await engine.resetSession(await known(c.req.param('key')))
    return c.json({ ok: true })
  })
  api.post('/sessions/:key/remove', async (c) => {
    const result = await engine.removeSession(await known(c.req.param('key')))
    return result.ok ? json(result) : problem(409, 'session', result.message)
  })
  api.post('/tidy', async () => json(await engine.tidy()))
  async function known(key: string): Promise<string> {
    const sessions = await engine.sessions()
    if (!sessions.some((one) => one.key === key))
      throw new RequestProblem(404, 'unknown_session', `There is no session "${key}".`)
    return key
  }

  api.get('/approvals', async (c) => c.json({ approvals: await engine.approvals() }))
  api.post('/approvals/:id', async (c) => {
    const decision = oneOf(await body(c), 'decision', ['once', 'always', 'deny'])
    // Anyone who may call this holds the owner's key or the gateway token, and decides as the operator.
    const result = await engine.decide(c.req.param('id'), decision, { caller: { kind: 'owner' } })
    if (result.ok) return json(result)
    return result.missing === true ? problem(404, 'unknown_approval', result.message) : problem(409, 'approval', result.message)
  })

  api.get('/people', async (c) => c.json({ people: await engine.people() }))
  api.post('/people/:id/remove', async (c) => {
    const id = c.req.param('id')
    const removal = await engine.removePerson(id)
    return removal.removed.length > 0 ? json(removal) : problem(removal.inFile ? 409 : 404, 'people', removal.message)
  })

  api.get('/heartbeats', async (c) => {
    const { heartbeats } = await engine.status()
    const next = new Map(heartbeats.map((one) => [one.name, one.next]))
    const all = engine.plan.heartbeats.map(({ name, schedule, timezone, agentId, prompt, deliverTo, enabled }) => {
      return { name, schedule, timezone, agentId, prompt, deliverTo: deliverTo ?? null, enabled, next: next.get(name) ?? null }
    })
    return c.json({ heartbeats: all })
  })
  api.post('/heartbeats/:name/run', async (c) => {
    const name = c.req.param('name')
    if (!engine.plan.heartbeats.some((one) => one.name === name))
      throw new RequestProblem(404, 'unknown_heartbeat', `There is no heartbeat "${name}".`)
    const result = await engine.runHeartbeat(name)
    return result.ok ? json(result) : problem(409, 'heartbeat', result.message)
  })

  api.post('/reload', async () => json(await engine.reload()))
  for (const verb of ['stop', 'resume'] as const) {
    api.post(`/${verb}`, async (c) => {
      const agentId = optionalId(await body(c), 'agent')
      if (agentId !== undefined && !engine.plan.agents.has(agentId)) {
        throw new RequestProblem(404, 'unknown_agent', `There is no agent "${agentId}".`)
      }
      await (verb === 'stop' ? engine.halt(agentId, operator(c).kind) : engine.resume(agentId, operator(c).kind))
      return json({ ok: true })
    })
  }
  return api
}

function agents(plan: Plan): readonly object[] {
  return [...plan.agents.values()].map((agent) => ({
    id: agent.id,
    name: agent.name,
    description: agent.description,
    model: `${agent.model.provider}/${agent.model.model}`,
    fallbacks: agent.fallbacks.map((one) => `${one.provider}/${one.model}`),
    tools: agent.tools,
    mode: agent.permissions.mode,
    sandbox: agent.sandbox,
    sessionScope: agent.sessionScope,
    rateLimit: agent.rateLimit,
    place: agent.place,
  }))
}

/** Rules in the order in which they are tried. */
function routes(plan: Plan): object {
  const rules = [...plan.rules].sort((a, b) => b.priority - a.priority || a.index - b.index)
  return { defaultAgent: plan.defaultAgent ?? null, rules: rules.map(({ fingerprint: _, ...rule }) => rule) }
}
