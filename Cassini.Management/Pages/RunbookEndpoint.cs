using Cassini.Management.Access;
using Cassini.Management.Http;

namespace Cassini.Management.Pages;

/// <summary>GET /runbook: what each reason means, what to look at, what to do.</summary>
internal static class RunbookEndpoint
{
    private const string Html = "text/html; charset=utf-8";
    private const string Markdown = "text/markdown; charset=utf-8";
    private const string Css = "text/css; charset=utf-8";

    public static void MapRunbook(this IEndpointRouteBuilder routes)
    {
        routes.MapReads("/runbook", AnswerAsync)
            .Describe("runbook", "One entry for each reason code: what it means, what to look at, what to do.")
            .Answers(StatusCodes.Status200OK, Html, Markdown, Answer.PlainText)
            .WithMetadata(PublicAccess.Whole);
        routes.MapReads(
            "/" + RunbookPage.StyleSheet, context => Answer.BytesAsync(context, StatusCodes.Status200OK, Css, RunbookPage.Style))
            .Describe("runbookStyle", "The style sheet of the runbook.")
            .Answers(StatusCodes.Status200OK, Css)
            .WithMetadata(PublicAccess.Whole);
    }

    private static Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Path.Value is [.., '/'])
        {
            // The page's links are relative, so that it works below any prefix: it has one address.
            context.Response.Redirect("../runbook");
            return Task.CompletedTask;
        }

        return AcceptHeader.Choose(context.Request.Headers.Accept, "text/html", "text/markdown", "text/plain") switch
        {
            1 => Answer.BytesAsync(context, StatusCodes.Status200OK, Markdown, RunbookPage.Source),
            2 => Answer.BytesAsync(context, StatusCodes.Status200OK, Answer.PlainText, RunbookPage.Source),
            _ => Answer.BytesAsync(context, StatusCodes.Status200OK, Html, RunbookPage.Html),
        };
    }
}
