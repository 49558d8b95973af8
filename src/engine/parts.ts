// The engine's first phase: every part made, each from parts made before it. Nothing runs yet; see engine.ts for the second.

import { createLimits } from '../limits/rate-limits.ts'
import { McpPool } from '../mcp/pool.ts'
import { mcpRegistries } from '../mcp/tools.ts'
import { createModelRouter } from '../models/failover.ts'
import { createKnownSecrets, type KnownSecrets } from '../permissions/redact.ts'
import type { Router } from '../plan/admission.ts'
import type { Plan } from '../plan/plan.ts'
import { createRouter } from '../plan/router.ts'
import { secretsOf } from '../plan/secrets.ts'
import { withPlugins } from '../plugins/registry.ts'
import type { Clock, Logger, Random } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { createHeartbeats } from '../schedules/heartbeats.ts'
import type { Storage } from '../storage/ports.ts'
import { createApprovalPrompts } from './approvals/approval-prompts.ts'
import { createApprovals } from './approvals/approvals.ts'
import { createAsking } from './approvals/asking.ts'
import { createLateApprovals } from './approvals/late-approvals.ts'
import { createFileOrigins } from './flow/file-origins.ts'
import { FlowGate } from './flow/flow-gate.ts'
import { createSessionLabels } from './flow/session-labels.ts'
import type { Hooks } from './hooks.ts'
import { Hub } from './hub.ts'
import { createCommands } from './inbound/command-actions.ts'
import { Intake } from './inbound/intake.ts'
import { AfterSwap } from './operations/after-swap.ts'
import type { ConfigTexts } from './operations/opening-saves.ts'
import { createOwnerActions } from './operations/owner-actions.ts'
import { createPeople } from './operations/people.ts'
import { createReloader, type LoadedForReload } from './operations/reload.ts'
import { Tidying } from './operations/tidying.ts'
import { ChannelManager } from './outbound/channel-manager.ts'
import { Delivery } from './outbound/delivery.ts'
import { createNotifications } from './outbound/notifications.ts'
import { ReplyProgress } from './outbound/reply-progress.ts'
import { type CreateToolEnvironment, createToolEnvironment } from './tools/tool-environment.ts'
import { createToolGate } from './tools/tool-gate.ts'
import { Answers } from './turns/answers.ts'
import { createCompactor } from './turns/compactor.ts'
import { createHeartbeatTurns } from './turns/heartbeat-turns.ts'
import { createModelCalls } from './turns/model-calls.ts'
import { TurnRunner } from './turns/turn-runner.ts'
import { Generations, type World } from './world.ts'

export interface EngineOptions {
  readonly plan: Plan
  /** An index over the plan's rules, where there is one already. */
  readonly router?: Router
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly registry: Registry
  readonly storage: Storage
  /** Shared with the log; default: the engine's own. */
  readonly secrets?: KnownSecrets
  /** Reads the configuration again. */
  load(): Promise<LoadedForReload>
  /** After each load, valid or not, and each swap. */
  onLoaded?(loaded: LoadedForReload): void
  /** May refuse a plan by throwing; the last thing before the swap. */
  prepareSwap?(plan: Plan): Promise<void>
  /** After the swap; where it fails it is called again. */
  onSwap?(plan: Plan): Promise<void>
  /** What the program that starts it sees, changes or stops as it happens. */
  readonly hooks?: Hooks | undefined
  /** What tools run in; default: the machine, behind its gates. */
  readonly environment?: CreateToolEnvironment
  /** Why it starts on something else than the file, said in `status` until a file is accepted; and the hash of that file. */
  readonly degraded?: { readonly why: string; readonly fileHash: string }
  /** Texts of the configuration files that the plan was made of, by path. */
  readonly texts?: ConfigTexts
}

export type EngineParts = Awaited<ReturnType<typeof makeParts>>

export async function makeParts(options: EngineOptions) {
  const { clock, random, log, registry, storage, secrets = createKnownSecrets() } = options
  secrets.know(secretsOf(options.plan))
  const hub = new Hub(log)
  const router = options.router ?? (await createRouter(options.plan))
  const mcp = new McpPool({ stateDir: options.plan.stateDir, clock, log })
  const withServers = mcpRegistries(mcp.call)
  const registryOf = (plan: Plan): Registry => withServers(withPlugins(registry, plan.plugins), plan.mcpServers)
  const generations = await Generations.begin({ registryOf, people: storage.people }, options.plan, router)
  const world: World = {
    clock,
    random,
    log,
    registryOf,
    mcp,
    storage,
    secrets,
    generations,
    emit: hub.emit.bind(hub),
    hooks: options.hooks,
  }

  const channels = new ChannelManager(world)
  const delivery = new Delivery(world, channels, hub)
  const notifications = createNotifications(world, delivery)

  const environment = await (options.environment ?? createToolEnvironment)(world)
  const { audit } = environment
  const lateApprovals = createLateApprovals(world, audit)
  const approvals = createApprovals({
    store: storage.approvals,
    clock,
    log,
    emit: world.emit,
    notify: createApprovalPrompts(world, channels, hub, notifications.queue),
    remember: (row) => environment.remember(row.agentId, row.grants),
    changedSince: environment.changedSince,
    lateMessage: lateApprovals.messageOf,
    onLate: lateApprovals.decided,
  })

  const limits = await createLimits({ storage, clock, log, warn: notifications.nearLimit })
  const modelRouter = createModelRouter({
    models: options.plan.models,
    providers: () => registryOf(generations.now.plan).providers,
    clock,
    random,
    log,
  })
  const models = createModelCalls(world, limits, modelRouter)
  const answers = new Answers(storage.inbox, hub)
  const flow = new FlowGate(world, environment, createSessionLabels(storage.kv), createFileOrigins(storage.kv))
  const turns = new TurnRunner(world, {
    gate: createToolGate(world, environment, createAsking(world, environment, approvals), flow),
    flow,
    models,
    compactor: createCompactor(world, models),
    delivery,
    progress: new ReplyProgress(channels, delivery, world, hub),
    lateApprovals,
    answers,
    environment,
  })

  const fireHeartbeat = createHeartbeatTurns(world, { answers, notifications })
  const heartbeats = createHeartbeats({ clock, log, ledger: storage.slots, fire: fireHeartbeat, emit: world.emit })
  const owners = createOwnerActions(world, turns, fireHeartbeat, audit, flow)
  const commands = createCommands(world, { approvals, owners, turns, generations, notifications, audit })
  const people = createPeople(storage, generations, audit, turns)
  const tidying = new Tidying(world, turns, audit)
  const intake = new Intake(world, { limits, turns, commands, notifications })
  const afterSwap = new AfterSwap(clock, log)
  const reloader = createReloader(world, {
    ...options,
    prepare: async (plan) => {
      const nextRouter = await createRouter(plan)
      await generations.readLinks()
      secrets.know(secretsOf(plan))
      await options.prepareSwap?.(plan)
      try {
        // A configuration that the audit log does not name never runs.
        await audit.append({ kind: 'reload', ok: true, generation: generations.now.number + 1, configHash: plan.configHash })
      } catch (error) {
        await options.prepareSwap?.(generations.now.plan)
        throw error
      }
      return async () => {
        generations.swap(plan, nextRouter)
        return await afterSwap.run([
          { what: 'The models could not be exchanged', run: async () => modelRouter.apply(plan.models) },
          { what: 'The lanes could not be set', run: () => storage.queue.setCaps(plan.lanes) },
          { what: 'The heartbeats could not be set', run: async () => heartbeats.apply(plan.heartbeats) },
          { what: 'The MCP servers could not be exchanged', run: async () => mcp.apply(plan.mcpServers) },
          { what: 'The channels could not be exchanged', run: () => channels.apply(plan) },
          { what: 'The files beside the state could not be written', run: async () => options.onSwap?.(plan) },
          { what: 'The daily tidying could not be set', run: async () => tidying.apply() },
        ])
      }
    },
  })
  return {
    ...{ world, hub, channels, delivery, environment, approvals, modelRouter, answers, turns },
    ...{ afterSwap, heartbeats, owners, people, intake, reloader, tidying },
  }
}
