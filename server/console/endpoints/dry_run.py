"""The page on which staff try a question: the answer, the evidence with its scores, and why it was said or not."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Template

from server.chat.languages import ALL_PHRASES
from server.chat.turns.dry_run import MAX_QUESTION, DryRun, DryRuns
from server.console.dry_run_page import dry_run_page
from server.console.endpoints.page import PAGE_ERRORS, Visitor, provide_visitor, render
from server.console.languages import language_names
from server.core.errors import Invalid, RateLimited
from server.core.http import AnyRequest

PAGE = "/console/knowledge/try"

Form = URLEncodedBody[dict[str, str]]


@get(PAGE, include_in_schema=False)
async def show_try(request: AnyRequest, visitor: NamedDependency[Visitor]) -> Template:
    """The empty box."""
    return _page(request, visitor)


@post(PAGE, status_code=200, include_in_schema=False)
async def try_question(
    request: AnyRequest, data: Form, visitor: NamedDependency[Visitor], dry_runs: NamedDependency[DryRuns]
) -> Response[Any]:
    """Ask, and show the answer. Nothing of it is kept or counted."""
    question, locale = data.get("question", ""), data.get("locale", "")
    try:
        run = await dry_runs.ask(visitor.caller, question, locale if locale in ALL_PHRASES else "")
    except Invalid as reason:
        return _page(request, visitor, question, locale, problem=f"{reason.errors[0].message}.", status=422)
    except RateLimited as reason:
        return _page(request, visitor, question, locale, problem=reason.detail, status=429)
    return _page(request, visitor, question, locale, run=run)


def _page(
    request: AnyRequest,
    visitor: Visitor,
    question: str = "",
    locale: str = "",
    *,
    run: DryRun | None = None,
    problem: str = "",
    status: int = 200,
) -> Template:
    return render(
        request,
        "try",
        visitor=visitor,
        status=status,
        question=question,
        locale=locale,
        languages=language_names(ALL_PHRASES),
        run=dry_run_page(run) if run else None,
        problem=problem,
        max_question=MAX_QUESTION,
    )


dry_run_router = Router(
    path="/",
    route_handlers=[show_try, try_question],
    dependencies={"visitor": Provide(provide_visitor)},
    exception_handlers=PAGE_ERRORS,
)
