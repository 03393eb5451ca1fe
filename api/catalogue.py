"""Every kind of problem the API can answer with: its status and what it means, in both languages."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from liaison.policy.words import Language
from liaison.services.errors import Slug

PROBLEMS_PATH: Final = "/problems"


class HttpSlug(StrEnum):
    """Problems of the border itself, which no service knows."""

    METHOD_NOT_ALLOWED = "method-not-allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    INTERNAL = "internal-error"


AnySlug = Slug | HttpSlug


@dataclass(frozen=True, slots=True)
class Wording:
    """A problem in one language: a short ``title`` and an ``advice`` that says what to do."""

    title: str
    advice: str


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem (RFC 9457)."""

    slug: AnySlug
    status: int
    en: Wording
    zh: Wording

    @property
    def uri(self) -> str:
        """The ``type`` of the problem, where we serve its explanation."""
        return f"{PROBLEMS_PATH}/{self.slug}"

    def wording(self, language: Language) -> Wording:
        """The words for a reader of ``language``."""
        return self.zh if language is Language.ZH_CN else self.en


_ALL: Final = (
    ProblemType(
        Slug.INVALID,
        422,
        Wording("The request has faults", "`errors` names each fault by its place. Correct them all and send again."),
        Wording("请求内容有误", "errors 逐项指出错误的位置，请全部更正后重新发送。"),
    ),
    ProblemType(
        Slug.MALFORMED,
        400,
        Wording("The body is not readable JSON", "Send one JSON object in UTF-8, each field once."),
        Wording("请求体不是可读的 JSON", "请发送一个 UTF-8 编码的 JSON 对象，每个字段只出现一次。"),
    ),
    ProblemType(
        Slug.UNAUTHENTICATED,
        401,
        Wording("No valid key", "Send `Authorization: Bearer jl_<id>_<secret>` with a key that has not expired."),
        Wording("没有有效的密钥", "请在 Authorization 头中以 Bearer 方式提供未过期的密钥。"),
    ),
    ProblemType(
        Slug.FORBIDDEN,
        403,
        Wording("This key may not do that", "The key is valid, but its role or scope does not include this operation."),
        Wording("该密钥无权进行此操作", "密钥有效，但其角色或权限范围不包括此操作。"),
    ),
    ProblemType(
        Slug.NOT_THE_HOLDER,
        403,
        Wording(
            "Only the holder or his team may do that", "The request is held by somebody else; nothing was changed."
        ),
        Wording("仅限承办人或其团队", "该诉求由他人承办，未作任何更改。"),
    ),
    ProblemType(
        Slug.NOT_FOUND,
        404,
        Wording(
            "Nothing here that this key may see", "Check the reference, its last letter too, and which key is used."
        ),
        Wording("没有该密钥可见的内容", "请核对诉求编号（包括末位校验字母）和所用密钥。"),
    ),
    ProblemType(
        Slug.ERASED,
        410,
        Wording(
            "What was said here has been erased",
            "Its age had come: nobody can read the texts any more. Dates, stages and the record stay.",
        ),
        Wording("内容已按保存期限删除", "文字内容已到保存期限并被销毁，任何人都无法再查阅；日期、阶段和记录仍予保留。"),
    ),
    ProblemType(
        Slug.CONFLICT,
        409,
        Wording("This does not fit the present state", "Read the request again; somebody may have acted before."),
        Wording("与当前状态冲突", "请重新查询该诉求，可能已有人先行处理。"),
    ),
    ProblemType(
        Slug.KEY_MISSING,
        400,
        Wording(
            "An Idempotency-Key is needed",
            "Send an `Idempotency-Key` header of 1 to 200 visible ASCII characters, a new one for each new matter "
            "and the same one when repeating a call.",
        ),
        Wording("缺少 Idempotency-Key", "请提供 1 至 200 个可见 ASCII 字符的 Idempotency-Key，重试时沿用同一值。"),
    ),
    ProblemType(
        Slug.KEY_REUSED,
        422,
        Wording(
            "The Idempotency-Key was used for another body", "Take a new key for a new matter; nothing was changed."
        ),
        Wording("Idempotency-Key 已用于其他内容", "新的事项请使用新的 Idempotency-Key，未作任何更改。"),
    ),
    ProblemType(
        Slug.KEY_IN_PROGRESS,
        409,
        Wording("The same call is still in progress", "Repeat it with the same key after a moment."),
        Wording("同一请求正在处理", "请稍后以同一 Idempotency-Key 重试。"),
    ),
    ProblemType(
        Slug.TOO_LARGE,
        413,
        Wording("The body is too large", "A body may have at most 65,536 bytes, and a file in it 1 MB."),
        Wording("请求体过大", "请求体最多 65536 字节，其中的文件最多 1 MB。"),
    ),
    ProblemType(
        Slug.UNAVAILABLE,
        503,
        Wording("Not available just now", "Nothing is lost: repeat with the same Idempotency-Key after `Retry-After`."),
        Wording("暂时无法提供服务", "请在 Retry-After 之后以同一 Idempotency-Key 重试，内容不会丢失。"),
    ),
    ProblemType(
        Slug.CLOCK_OFFSET,
        503,
        Wording(
            "The platform's clock is wrong",
            "Times of receipt would be wrong, so nothing is taken until it is set right. Keep what you have and repeat "
            "with the same Idempotency-Key after `Retry-After`.",
        ),
        Wording(
            "平台时钟有误",
            "收到时间将不准确，时钟校正前暂不受理。请保留内容，并在 Retry-After 之后以同一 Idempotency-Key 重试。",
        ),
    ),
    ProblemType(
        Slug.STORAGE_FULL,
        503,
        Wording(
            "The disk is nearly full",
            "Nothing new is taken in until there is room; reading goes on. Repeat with the same Idempotency-Key after "
            "`Retry-After`.",
        ),
        Wording(
            "存储空间不足",
            "空间恢复之前暂不受理新内容，查询不受影响。请在 Retry-After 之后以同一 Idempotency-Key 重试。",
        ),
    ),
    ProblemType(
        HttpSlug.METHOD_NOT_ALLOWED,
        405,
        Wording("This address does not know that method", "The `Allow` header names the methods it knows."),
        Wording("该地址不支持此方法", "Allow 头列出了支持的方法。"),
    ),
    ProblemType(
        HttpSlug.UNSUPPORTED_MEDIA_TYPE,
        415,
        Wording("The body must be JSON", "Send `Content-Type: application/json`."),
        Wording("请求体必须为 JSON", "请使用 Content-Type: application/json。"),
    ),
    ProblemType(
        HttpSlug.INTERNAL,
        500,
        Wording("Something went wrong on our side", "It is on record. Repeat with the same Idempotency-Key."),
        Wording("系统内部错误", "错误已记录，请以同一 Idempotency-Key 重试。"),
    ),
)

CATALOGUE: Final = MappingProxyType({problem.slug: problem for problem in _ALL})
"""Problem types by slug; a test holds it complete."""
