import { answer, answerWithCalls, call, calls, chunk, counts, type Service } from './quirk.ts'

export const liteLlm: Service = {
  name: 'LiteLLM',
  quirks: [
    {
      quirk: 'thoughts-go-back',
      what: '`thinking_blocks` of Anthropic’s models',
      body: answerWithCalls(
        chunk({ reasoning_content: 'hm', thinking_blocks: [{ type: 'thinking', thinking: 'hm', signature: 'c2ln' }] }),
        calls({ index: 0, id: 'toolu_1', ...call('save', '{"k":1}') }),
      ),
      expect: {
        thoughts: 'hm',
        calls: [['save', { k: 1 }]],
        sentBack: { reasoning_content: 'hm', thinking_blocks: [{ thinking: 'hm', signature: 'c2ln' }] },
      },
    },
    {
      quirk: 'call-fields',
      what: '`provider_specific_fields`, in the call and inside its function',
      body: answerWithCalls(
        calls({
          index: 0,
          id: 'call_1',
          provider_specific_fields: { thought_signature: 'a' },
          type: 'function',
          function: { name: 'save', arguments: '{"k":1}', provider_specific_fields: { thought_signature: 'b' } },
        }),
      ),
      expect: {
        calls: [['save', { k: 1 }]],
        sentBack: {
          tool_calls: [
            {
              provider_specific_fields: { thought_signature: 'a' },
              function: { provider_specific_fields: { thought_signature: 'b' } },
            },
          ],
        },
      },
    },
    {
      quirk: 'call-ids',
      what: 'ids that hold a signature come back as they were',
      body: answerWithCalls(calls({ index: 0, id: `call_1__thought__${'Ab+/'.repeat(40)}==`, ...call('save', '{"k":1}') })),
      expect: { calls: [['save', { k: 1 }]], sentBack: { tool_calls: [{ id: `call_1__thought__${'Ab+/'.repeat(40)}==` }] } },
    },
    {
      quirk: 'json-answer',
      what: 'whole JSON, where the model behind it cannot stream',
      body: JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        model: 'm',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi', tool_calls: null } }],
        usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
      }),
      expect: { text: 'hi', stopReason: 'end_turn', usage: { input: 7, output: 3 } },
    },
    {
      quirk: 'usage-names',
      what: '`cache_creation_input_tokens`',
      body: answer(
        chunk({ content: 'hi' }),
        counts({
          prompt_tokens: 10,
          completion_tokens: 1,
          total_tokens: 11,
          cache_read_input_tokens: 3,
          cache_creation_input_tokens: 4,
        }),
      ),
      expect: { usage: { input: 3, output: 1, cacheRead: 3, cacheWrite: 4 } },
    },
    {
      quirk: 'no-model',
      what: '400 in words',
      status: 400,
      body: JSON.stringify({
        error: {
          message:
            '/chat/completions: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.',
          type: 'invalid_request_error',
          param: 'None',
          code: '400',
        },
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}
