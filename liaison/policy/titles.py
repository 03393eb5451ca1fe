"""Posts as people read them, in both languages at once (design section 11)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from liaison.policy.words import Post

TITLES: Mapping[Post, str] = MappingProxyType(
    {
        Post.HOLDER: "holder 承办人",
        Post.DEPARTMENT_DESK: "department 部门",
        Post.DEPARTMENT_LEADER: "department leader 部门负责人",
        Post.DEPUTY_PRESIDENT: "deputy president 分管副院长",
        Post.PRESIDENT: "president 院长",
        Post.INTERMEDIATE_PRESIDENT: "president of the Intermediate Court 中级人民法院院长",
        Post.LIAISON_OFFICER: "liaison officer 联络员",
        Post.CASE_FILING_CHAMBER: "Case Filing Chamber 立案庭",
    }
)


def titles(posts: Iterable[Post]) -> str:
    """The titles of several posts in a row."""
    return " · ".join(TITLES[post] for post in posts)
