// Codes 3xx: well-formed, but not what can have been meant.

import type { Explanation } from './explanation.ts'

export const MEANING_EXPLANATIONS = {
  CLAW301: {
    what: 'A name is reserved, or a link is named like a channel.',
    why: 'Session keys are made of these names and would become ambiguous.',
    fix: 'Choose another name.',
    before: 'identityLinks:\n  main: ["telegram:123"]',
    after: 'identityLinks:\n  mehdi: ["telegram:123"]',
  },
  CLAW302: {
    what: 'One identity stands in two links, or twice in one.',
    why: 'It would be two people at once, with two sessions.',
    fix: 'Keep it in one link.',
    before: 'identityLinks:\n  mehdi: ["telegram:123"]\n  sara: ["telegram:123"]',
    after: 'identityLinks:\n  mehdi: ["telegram:123"]\n  sara: ["telegram:456"]',
  },
  CLAW303: {
    what: 'A schedule is not a cron expression.',
    why: 'The heartbeat would never run.',
    fix: 'Write five fields (minute hour day month weekday), or six with seconds in front.',
    before: 'heartbeats:\n  - { name: morning, schedule: "7:30", agent: main, prompt: Good morning }',
    after: 'heartbeats:\n  - { name: morning, schedule: "30 7 * * *", agent: main, prompt: Good morning }',
  },
  CLAW304: {
    what: 'A time zone is not known.',
    why: 'The time of the schedule would be a guess.',
    fix: 'Write an IANA name.',
    before: 'heartbeats:\n  - { name: morning, schedule: "30 7 * * *", timezone: Paris, agent: main, prompt: Hi }',
    after: 'heartbeats:\n  - { name: morning, schedule: "30 7 * * *", timezone: Europe/Paris, agent: main, prompt: Hi }',
  },
  CLAW305: {
    what: 'A pattern is not a regular expression, or uses lookaround or backreferences.',
    why: 'Every message is matched against it; only linear-time expressions cannot be made to hang.',
    fix: 'Write it without; several rules can take the place of one clever pattern.',
    before: 'routing:\n  rules:\n    - { pattern: "^(?!admin)", agentId: main }',
    after: 'routing:\n  rules:\n    - { priority: 1, pattern: "^admin", agentId: admin }\n    - { pattern: "^", agentId: main }',
  },
  CLAW306: {
    what: 'Two things that need names of their own have the same one, or a list holds an entry twice.',
    why: 'A heartbeat has a session by its name; two would write into one.',
    fix: 'Rename or remove one.',
    before:
      'heartbeats:\n  - { name: daily, schedule: "0 7 * * *", agent: main, prompt: Wake up }\n  - { name: daily, schedule: "0 22 * * *", agent: main, prompt: Sleep }',
    after:
      'heartbeats:\n  - { name: morning, schedule: "0 7 * * *", agent: main, prompt: Wake up }\n  - { name: evening, schedule: "0 22 * * *", agent: main, prompt: Sleep }',
  },
  CLAW307: {
    what: 'Every message that a rule matches is taken by a rule of higher rank.',
    why: 'The rule does nothing.',
    fix: 'Give it a higher priority, move it up, or remove it.',
    before:
      'routing:\n  rules:\n    - { channelId: telegram, agentId: main }\n    - { channelId: telegram, userId: "123", agentId: helper }',
    after:
      'routing:\n  rules:\n    - { channelId: telegram, userId: "123", agentId: helper }\n    - { channelId: telegram, agentId: main }',
  },
  CLAW308: {
    what: 'No rule, heartbeat or other agent leads to an agent.',
    why: 'It is never used.',
    fix: 'Add a rule, or remove the agent.',
    before: 'agents: { main: { soul: A }, helper: { soul: B } }\nrouting: { defaultAgent: main }',
    after:
      'agents: { main: { soul: A }, helper: { soul: B } }\nrouting:\n  defaultAgent: main\n  rules:\n    - { prefix: /help-me, agentId: helper }',
  },
  CLAW309: {
    what: 'A schedule has no next time.',
    why: 'The heartbeat never runs.',
    fix: 'Choose a day that exists.',
    before: 'heartbeats:\n  - { name: never, schedule: "0 0 30 2 *", agent: main, prompt: Hi }',
    after: 'heartbeats:\n  - { name: monthly, schedule: "0 0 28 * *", agent: main, prompt: Hi }',
  },
  CLAW310: {
    what: 'A schedule fires every minute or more often.',
    why: 'Each time is a turn of a model, which costs money.',
    fix: 'Choose a longer interval; for a test it is fine.',
    before: 'heartbeats:\n  - { name: check, schedule: "* * * * *", agent: main, prompt: Anything new? }',
    after: 'heartbeats:\n  - { name: check, schedule: "*/15 * * * *", agent: main, prompt: Anything new? }',
  },
  CLAW311: {
    what: 'A pattern holds no literal text that every match must contain.',
    why: 'It has to be tried on every message; with thousands of such rules routing slows down.',
    fix: 'Anchor it to a word where you can.',
    before: 'routing:\n  rules:\n    - { pattern: "[0-9]+", agentId: main }',
    after: 'routing:\n  rules:\n    - { pattern: "order [0-9]+", agentId: main }',
  },
  CLAW312: {
    what: 'A limit is 0.',
    why: 'The agent would answer nobody.',
    fix: 'Remove the key for no limit; `claw stop --agent` halts an agent.',
    before: 'agents:\n  main: { soul: You are terse., rateLimit: { maxMessagesPerHour: 0 } }',
    after: 'agents:\n  main: { soul: You are terse., rateLimit: { maxMessagesPerHour: 20 } }',
  },
  CLAW313: {
    what: 'A deny covers all that an allow allows.',
    why: 'Deny wins, so the allow has no effect.',
    fix: 'Remove the one that is not meant.',
    before: 'permissions:\n  allow: ["git push origin"]\n  deny: ["git push *"]',
    after: 'permissions:\n  allow: ["git *"]\n  deny: ["git push *"]',
  },
  CLAW314: {
    what: 'Agents can start each other in a circle.',
    why: 'One message could start turns without end.',
    fix: 'Take one step out of the circle.',
    before: 'agents:\n  a: { soul: A, subagents: [b] }\n  b: { soul: B, subagents: [a] }',
    after: 'agents:\n  a: { soul: A, subagents: [b] }\n  b: { soul: B }',
  },
  CLAW315: {
    what: 'There is no default agent, and no rule takes these messages.',
    why: 'They are refused and logged, never guessed.',
    fix: 'Set routing.defaultAgent, or leave it so if that is meant.',
    before: 'agents: { a: { soul: A }, b: { soul: B } }',
    after: 'agents: { a: { soul: A }, b: { soul: B } }\nrouting: { defaultAgent: a }',
  },
  CLAW316: {
    what: 'The prefix of a rule is a command of the chat.',
    why: 'The engine answers it itself, so the rule never sees it.',
    fix: 'Choose another prefix.',
    before: 'routing:\n  rules:\n    - { prefix: /status, agentId: main }',
    after: 'routing:\n  rules:\n    - { prefix: /report, agentId: main }',
  },
  CLAW317: {
    what: 'The file of a scripted model is not a script.',
    why: 'Every call of that model would fail.',
    fix: 'Correct it at the marked place of its own file; docs/scripted-models.md describes the format.',
    before: 'replies:\n  - { mach: hello, text: Hi }',
    after: 'replies:\n  - { match: hello, text: Hi }',
  },
  CLAW318: {
    what: 'The service of a model no longer offers it, or stops within 60 days.',
    why: 'From that day on every call of it fails.',
    fix: 'Name the replacement; `claw models` lists what is known, with last days.',
    before: 'agents:\n  main: { soul: You are terse., model: claude-sonnet-4-5 }',
    after: 'agents:\n  main: { soul: You are terse., model: claude-sonnet-5-5 }',
  },
  CLAW319: {
    what: 'A model is not known, and its name is nearly that of one that is.',
    why: 'The service would refuse every call.',
    fix: 'Correct the name; `claw models --live NAME` asks the service what it offers. For another server, define it under `models`.',
    before: 'agents:\n  main: { soul: You are terse., model: claude-sonet-5-5 }',
    after: 'agents:\n  main: { soul: You are terse., model: claude-sonnet-5-5 }',
  },
  CLAW320: {
    what: 'An agent has a limit in money, and one of its models has no price.',
    why: 'What that model costs could not be counted, so the limit would never be reached.',
    fix: 'Write its price under `models.*.prices`; `*` there is any other model. What costs nothing has the price 0.',
    before:
      'models:\n  local: { provider: openai, baseURL: "http://127.0.0.1:8000/v1", apiKey: none }\nagents:\n  main: { soul: You are terse., model: local/llama3, rateLimit: { maxCostPerDay: 2 } }',
    after:
      'models:\n  local:\n    provider: openai\n    baseURL: "http://127.0.0.1:8000/v1"\n    apiKey: none\n    prices: { llama3: { input: 0.2, output: 0.4 } }\nagents:\n  main: { soul: You are terse., model: local/llama3, rateLimit: { maxCostPerDay: 2 } }',
  },
  CLAW321: {
    what: 'A text is valid YAML, and most likely not what was meant: cut off at a #, in curly quotes, a variable without braces, a path without its ending.',
    why: 'The bot would run with half a sentence, or with the name of a secret in place of the secret.',
    fix: 'Put the text in quotes, or write what the hint says.',
    before: 'agents:\n  main:\n    soul: You love #music',
    after: 'agents:\n  main:\n    soul: "You love #music"',
  },
  CLAW322: {
    what: 'An agent has commands under `permissions.allow`, and no tool that runs commands.',
    why: 'The grants do nothing, which is seldom meant.',
    fix: 'Add `bash` to its tools, or take the grants out.',
    before: 'agents:\n  main: { soul: You are terse., permissions: { allow: ["git *"] } }',
    after: 'agents:\n  main: { soul: You are terse., tools: [bash], permissions: { allow: ["git *"] } }',
  },
  CLAW323: {
    what: 'The recent messages that are kept, or the parts that are summarised, are larger than the window of the model allows.',
    why: 'Fewer messages are kept, and smaller parts are made, than the file says.',
    fix: 'Set keepRecent and chunkTokens to what fits, or contextWindow to what the model reads.',
    before: 'agents:\n  main: { soul: You are terse., compaction: { contextWindow: 8000, chunkTokens: 20000 } }',
    after: 'agents:\n  main: { soul: You are terse., compaction: { contextWindow: 8000, chunkTokens: 3000 } }',
  },
  CLAW325: {
    what: 'An agent asks its model for more than is known of it: an effort, a longer answer or a larger window.',
    why: 'Effort and the longest answer are lowered to what the model has; requests past its window would fail.',
    fix: 'Take the key out, lower it, or choose another model; `claw models` lists what each has.',
    before: 'agents:\n  main: { soul: You are terse., model: claude-haiku-4-5, compaction: { contextWindow: 1000000 } }',
    after: 'agents:\n  main: { soul: You are terse., model: claude-haiku-4-5 }',
  },
} as const satisfies Record<string, Explanation>
