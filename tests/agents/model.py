"""A model that has an agent run the commands of a list, then says that it is done."""

import json
import random
import string
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.harness.origin import Reply, Request

DONE = "All of it is done."
JSON = (("content-type", "application/json"),)
EVENTS = (("content-type", "text/event-stream"),)
PAUSE_S = 0.02
POLL_S = 5.0
"""How long a question for news waits for some."""
SHELLS = ("Bash", "bash", "exec_command", "shell_command", "run_shell_command", "exec")
"""What agents call the tool that runs a command."""


def drawn(prefix: str, size: int = 24) -> str:
    """An identifier or a signature, as vendors draw them."""
    letters = string.ascii_letters + string.digits
    return prefix + "".join(random.choices(letters, k=size))


def events(messages: Iterable[dict], *, named: bool = True) -> Reply:
    """Server-sent events, a moment apart."""
    chunks: list[bytes | float] = []
    for message in messages:
        name = f"event: {message['type']}\n" if named else ""
        chunks += [f"{name}data: {json.dumps(message)}\n\n".encode(), PAUSE_S]
    return Reply(headers=EVENTS, chunks=chunks)


@dataclass
class Model:
    """Answers as Anthropic's Messages, OpenAI's Responses or Gemini's API do."""

    commands: Sequence[str]
    asked: list[bytes] = field(default_factory=list)
    """The bodies that came."""
    _given: int = 0

    def __call__(self, request: Request) -> Reply:
        """By the path; what else agents ask for, there is not."""
        for part, answer in APIS.items():
            if part in request.target:
                self.asked.append(request.body)
                return answer(self, json.loads(request.body))
        return Reply(404, JSON, (b"{}",))

    def next(self, tools: Sequence[str | None]) -> tuple[str, str] | None:
        """A tool that the agent has, and the command for it."""
        tool = next((name for name in SHELLS if name in tools), None)
        if tool is None or self._given == len(self.commands):
            return None
        self._given += 1
        return tool, self.commands[self._given - 1]

    def anthropic(self, body: dict) -> Reply:
        """https://docs.claude.com/en/api/messages-streaming"""
        call = self.next([tool.get("name") for tool in body.get("tools") or []])
        blocks: list[tuple[dict, list[dict]]] = []
        if body.get("thinking", {}).get("type") in {"enabled", "adaptive"}:
            signed = {"type": "signature_delta", "signature": drawn("", 800)}
            blocks.append(({"type": "thinking", "thinking": ""}, [signed]))
        if call:
            text = json.dumps({"command": call[1], "description": "look"})
            use = {"type": "tool_use", "id": drawn("toolu_01"), "name": call[0]}
            delta = {"type": "input_json_delta", "partial_json": text}
            blocks.append((use | {"input": {}}, [delta]))
        else:
            delta = {"type": "text_delta", "text": DONE}
            blocks.append(({"type": "text", "text": ""}, [delta]))
        why = "tool_use" if call else "end_turn"
        message = {"id": drawn("msg_01"), "type": "message", "role": "assistant"}
        message |= {"model": body["model"], "stop_sequence": None}
        usage = {"input_tokens": 9, "output_tokens": 9}
        if not body.get("stream"):
            whole = message | {"content": [{"type": "text", "text": DONE}]}
            whole |= {"stop_reason": "end_turn", "usage": usage}
            return Reply(headers=JSON, chunks=(json.dumps(whole).encode(),))
        begun = message | {"content": [], "stop_reason": None, "usage": usage}
        out: list[dict] = [{"type": "message_start", "message": begun}]
        for index, (block, deltas) in enumerate(blocks):
            at = {"index": index}
            out.append({"type": "content_block_start", "content_block": block} | at)
            out += [{"type": "content_block_delta", "delta": d} | at for d in deltas]
            out.append({"type": "content_block_stop"} | at)
        ended = {"stop_reason": why, "stop_sequence": None}
        out.append({"type": "message_delta", "delta": ended, "usage": usage})
        return events([*out, {"type": "message_stop"}])

    def openai(self, body: dict) -> Reply:
        """https://platform.openai.com/docs/api-reference/responses-streaming"""
        call = self.next([tool.get("name") for tool in body.get("tools") or []])
        if call:
            name = "cmd" if call[0] == "exec_command" else "command"
            sealed = drawn("gAAAAAB", 900)
            reasoning = {"type": "reasoning", "id": drawn("rs_"), "summary": []}
            use = {"type": "function_call", "id": drawn("fc_"), "name": call[0]}
            use |= {"call_id": drawn("call_"), "arguments": json.dumps({name: call[1]})}
            items = [reasoning | {"encrypted_content": sealed}, use]
        else:
            text = {"type": "output_text", "text": DONE, "annotations": []}
            said = {"type": "message", "id": drawn("msg_"), "role": "assistant"}
            items = [said | {"content": [text]}]
        made = {"id": drawn("resp_")}
        usage = {"input_tokens": 9, "output_tokens": 9, "total_tokens": 18}
        out: list[dict] = [{"type": "response.created", "response": made}]
        for index, item in enumerate(items):
            done = {"type": "response.output_item.done", "output_index": index}
            out.append(done | {"item": item})
        ended = {"type": "response.completed", "response": made | {"usage": usage}}
        return events([*out, ended])

    def gemini(self, body: dict) -> Reply:
        """https://ai.google.dev/api/generate-content"""
        tools = body.get("tools") or []
        said = [d for tool in tools for d in tool.get("functionDeclarations") or []]
        call = self.next([each.get("name") for each in said])
        part: dict = {"text": DONE}
        if call:
            given = {"command": call[1], "description": "look"}
            part = {"functionCall": {"name": call[0], "args": given}}
            part["thoughtSignature"] = drawn("", 600)
        content = {"parts": [part], "role": "model"}
        answer = {"content": content, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 9, "totalTokenCount": 18}
        return events([{"candidates": [answer], "usageMetadata": usage}], named=False)

    def chat(self, body: dict) -> Reply:
        """https://platform.openai.com/docs/api-reference/chat-streaming"""
        tools = [tool["function"]["name"] for tool in body.get("tools") or []]
        call = self.next(tools)
        said: dict = {"role": "assistant", "content": None if call else DONE}
        if call:
            given = json.dumps({"command": call[1], "description": "look"})
            use = {"index": 0, "id": drawn("call_"), "type": "function"}
            use |= {"function": {"name": call[0], "arguments": given}}
            said |= {"tool_calls": [use]}
        why = "tool_calls" if call else "stop"
        made = {"id": drawn("chatcmpl-"), "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        if not body.get("stream"):
            choice = {"index": 0, "message": said, "finish_reason": why}
            whole = made | {"object": "chat.completion", "choices": [choice]}
            text = json.dumps(whole | {"usage": usage}).encode()
            return Reply(headers=JSON, chunks=(text,))
        made |= {"object": "chat.completion.chunk"}
        one = {"index": 0, "delta": said, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": why}
        told = ({"choices": [one]}, {"choices": [end], "usage": usage})
        return events([made | each for each in told], named=False)


APIS = {
    "/chat/completions": Model.chat,
    "/v1/messages": Model.anthropic,
    "/responses": Model.openai,
    ":streamGenerateContent": Model.gemini,
}


@dataclass
class Telegram:
    """A person who writes to a bot once: https://core.telegram.org/bots/api"""

    task: str
    said: str = ""
    """What the bot said last."""
    _asked: bool = False

    def __call__(self, request: Request) -> Reply:
        """By the method that the path ends with."""
        method = request.target.partition("?")[0].rpartition("/")[2]
        return self.answer(method, request.body)

    def answer(self, method: str, body: bytes) -> Reply:
        person = {"id": 4242, "is_bot": False, "first_name": "Jane"}
        chat = {"id": 4242, "type": "private", "first_name": "Jane"}
        message = {"message_id": 1, "date": int(time.time()), "chat": chat}
        result: object = True
        chunks: list[bytes | float] = []
        if method == "getMe":
            result = {"id": 7, "is_bot": True, "first_name": "b", "username": "a_bot"}
        elif method == "getUpdates":
            update = {"update_id": 1, "message": message | {"text": self.task}}
            update["message"]["from"] = person
            result = [] if self._asked else [update]
            chunks = [POLL_S] if self._asked else []
            self._asked = True
        elif method in {"sendMessage", "editMessageText"}:
            self.said = json.loads(body)["text"]
            result = message | {"text": self.said}
        told = json.dumps({"ok": True, "result": result}).encode()
        return Reply(headers=JSON, chunks=[*chunks, told])
