using System.Globalization;
using Cassini.Management.Http;
using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Quotas;

namespace Cassini.Management.Tables;

/// <summary>GET /identities: what each identity has of what all share, those that have most first.</summary>
internal static class IdentityEndpoint
{
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;

    public static void MapIdentities(this IEndpointRouteBuilder routes, AccountTable? accounts) =>
        routes.MapReads("/identities", context => AnswerAsync(context, accounts))
            .Describe("identities", "What each identity has of what all share, those that have most first.")
            .Takes(
                "by",
                $"Of which resource: one of {string.Join(", ", QuotaResources.Names)}. "
                + "By default of the one of which each has the largest part.")
            .Takes(
                "limit",
                string.Create(
                    CultureInfo.InvariantCulture, $"How many are listed at most: 1 to {LargestLimit:N0}, by default {DefaultLimit:N0}."),
                type: Microsoft.OpenApi.JsonSchemaType.Integer)
            .Answers<IdentitiesAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status400BadRequest, Answer.PlainText);

    /// <summary>What one identity has; null when it has nothing.</summary>
    public static IdentityRow? RowOf(string identity, AccountTable accounts) =>
        accounts.All.FirstOrDefault(account => account.Identity == identity) is { } found ? RowOf(found, Shared(accounts), accounts) : null;

    private static Task AnswerAsync(HttpContext context, AccountTable? accounts)
    {
        if (!QueryParameters.TryReadOne(context, "by", out var by, out var error)
            || !QueryParameters.TryReadNumber(context, "limit", 1, LargestLimit, DefaultLimit, out var most, out error))
        {
            return Answer.TextAsync(context, StatusCodes.Status400BadRequest, error + "\n");
        }

        if (by is not null && !QuotaResources.Names.Contains(by))
        {
            return Answer.TextAsync(
                context, StatusCodes.Status400BadRequest,
                $"by={Answer.Quote(by)} is none of {string.Join(", ", QuotaResources.Names)}\n");
        }

        var shared = Shared(accounts);
        var counted = shared.Where(resource => by is null || QuotaResources.NameOf(resource) == by).ToList();
        var all = (accounts?.All ?? []).Select(account => (Account: account, Part: PartOf(account, counted, accounts!))).ToList();
        var rows = all
            .OrderByDescending(identity => identity.Part)
            .ThenBy(identity => identity.Account.Identity, StringComparer.Ordinal)
            .Take(most)
            .Select(identity => RowOf(identity.Account, shared, accounts!));
        var limits = shared.ToDictionary(Words.Of, resource => accounts!.LimitOf(resource));
        return Answer.JsonAsync(
            context, StatusCodes.Status200OK, new IdentitiesAnswer(all.Count, all.Count > most, limits, [.. rows]), TableJson.Identities);
    }

    private static List<CapacityResource> Shared(AccountTable? accounts) =>
        [.. QuotaResources.All.Where(resource => accounts?.LimitOf(resource) > 0)];

    /// <summary>The largest part that it has of one of the resources.</summary>
    private static double PartOf(Account account, List<CapacityResource> counted, AccountTable accounts) =>
        counted.Select(resource => (double)account.Held(resource) / accounts.LimitOf(resource)).DefaultIfEmpty().Max();

    private static IdentityRow RowOf(Account account, List<CapacityResource> shared, AccountTable accounts) => new(
        account.Identity,
        shared.ToDictionary(
            Words.Of,
            resource => new Holding(account.Held(resource), account.ShareOf(resource).OfLimit(accounts.LimitOf(resource)))));
}

/// <summary>The body of GET /identities.</summary>
/// <param name="Count">How many identities have anything.</param>
/// <param name="Truncated">Whether there are more of them than are listed.</param>
/// <param name="Limits">The most that all may have together, by resource; memory in bytes.</param>
/// <param name="Identities">Those that have most first.</param>
internal sealed record IdentitiesAnswer(
    int Count, bool Truncated, IReadOnlyDictionary<string, long> Limits, IReadOnlyList<IdentityRow> Identities);

/// <summary>An identity.</summary>
/// <param name="Identity">Its name.</param>
/// <param name="Holds">What it has, by resource.</param>
internal sealed record IdentityRow(string Identity, IReadOnlyDictionary<string, Holding> Holds);

/// <summary>What an identity has of a resource.</summary>
/// <param name="Held">How much it has; memory in bytes.</param>
/// <param name="Share">The most that it may have; less when no more is left for all others.</param>
internal sealed record Holding(long Held, long Share);
