import { answer, answerWithCalls, call, calls, chunk, counts, DONE, type Service } from './quirk.ts'

export const deepseek: Service = {
  name: 'DeepSeek',
  quirks: [
    {
      quirk: 'reasoning',
      what: '`reasoning_content`; refused in later requests where there are no calls',
      body: answer(
        chunk({ role: 'assistant', content: null, reasoning_content: 'Let me ' }),
        chunk({ content: null, reasoning_content: 'see.' }),
        chunk({ content: 'hi', reasoning_content: null }),
      ),
      expect: { text: 'hi', thoughts: 'Let me see.', sentBack: { content: 'hi' }, notSentBack: 'reasoning_content' },
    },
    {
      quirk: 'thoughts-go-back',
      what: '`reasoning_content` is wanted with calls',
      body: answerWithCalls(
        chunk({ reasoning_content: 'I must save' }),
        calls({ index: 0, id: 'd1', ...call('save', '{"k":1}') }),
      ),
      expect: { calls: [['save', { k: 1 }]], sentBack: { reasoning_content: 'I must save', tool_calls: [{ id: 'd1' }] } },
    },
    {
      quirk: 'finish-reasons',
      what: '`insufficient_system_resource`: asked again',
      body: [chunk({ content: 'hal' }), chunk({}, 'insufficient_system_resource'), DONE].join(''),
      expect: { error: { kind: 'server' } },
    },
    {
      quirk: 'stream-form',
      what: '`: keep-alive` comments while it waits',
      body: `: keep-alive\n\n: keep-alive\n\n${answer(chunk({ content: 'hi' }))}`,
      expect: { text: 'hi' },
    },
    {
      quirk: 'usage-names',
      what: '`prompt_cache_hit_tokens`',
      body: answer(
        chunk({ content: 'hi' }),
        counts({
          prompt_tokens: 10,
          completion_tokens: 1,
          total_tokens: 11,
          prompt_cache_hit_tokens: 8,
          prompt_cache_miss_tokens: 2,
        }),
      ),
      expect: { usage: { input: 2, output: 1, cacheRead: 8 } },
    },
    {
      quirk: 'no-media',
      what: '400: `unknown variant image_url`',
      status: 400,
      body: JSON.stringify({
        error: {
          message:
            'Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected `text` at line 1 column 99',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_request_error',
        },
      }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
