// The services, in the order of the table.

import { azure } from './azure.ts'
import { bedrock } from './bedrock.ts'
import { deepseek } from './deepseek.ts'
import { gemini } from './gemini.ts'
import { groq } from './groq.ts'
import { liteLlm } from './litellm.ts'
import { llamaCpp } from './llamacpp.ts'
import { lmStudio } from './lmstudio.ts'
import { mistral } from './mistral.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import type { Service } from './quirk.ts'
import { together } from './together.ts'
import { vllm } from './vllm.ts'
import { xai } from './xai.ts'

export const services: readonly Service[] = [
  openai,
  azure,
  gemini,
  deepseek,
  mistral,
  groq,
  xai,
  openrouter,
  together,
  ollama,
  vllm,
  lmStudio,
  llamaCpp,
  liteLlm,
  bedrock,
]
