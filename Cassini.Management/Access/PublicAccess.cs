namespace Cassini.Management.Access;

/// <summary>What an endpoint gives callers without credentials. An endpoint that does not say so gives them nothing.</summary>
internal sealed class PublicAccess
{
    /// <summary>Everything: the endpoint reveals nothing about this broker, or has a guard of its own.</summary>
    public static readonly PublicAccess Whole = new();

    /// <summary>
    /// The page that asks for credentials itself, because a browser cannot send a token while it loads a page: 401, with the page as body.
    /// </summary>
    public static readonly PublicAccess Page = new() { IsPage = true };

    /// <summary>Everything: the endpoint judges credentials of its own, and limits its callers itself.</summary>
    public static readonly PublicAccess OfItsOwn = new() { LimitsItself = true };

    private PublicAccess()
    {
    }

    /// <summary>
    /// Answers a probe with its one word, and returns null for a caller that asks for more than it may have; null when the endpoint is no
    /// probe.
    /// </summary>
    public Func<HttpContext, Task?>? Word { get; private init; }

    /// <summary>Whether callers get the endpoint's answer as the body of a refusal.</summary>
    public bool IsPage { get; private init; }

    /// <summary>Whether the guard leaves it to the endpoint how many requests a caller may make.</summary>
    public bool LimitsItself { get; private init; }

    /// <summary>A probe that gives one word.</summary>
    public static PublicAccess OneWord(Func<HttpContext, Task?> answer) => new() { Word = answer };
}
