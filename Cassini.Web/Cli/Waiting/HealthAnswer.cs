namespace Cassini.Web.Cli.Waiting;

/// <summary>What one look at a target found.</summary>
/// <param name="Kind">Whether what is waited for is so.</param>
/// <param name="Text">For people: what is so, or why it is not.</param>
internal sealed record HealthAnswer(AnswerKind Kind, string Text);

/// <summary>What an answer says.</summary>
internal enum AnswerKind
{
    /// <summary>What is waited for is so.</summary>
    Yes,

    /// <summary>A Cassini says that it is not so.</summary>
    No,

    /// <summary>Something answers, and not with a Cassini's health.</summary>
    Strange,

    /// <summary>Nothing answers.</summary>
    None,
}
