namespace Cassini.Management.Access;

/// <summary>Decides which callers may have more than strangers get.</summary>
internal interface ICallerRule
{
    /// <summary>Why the caller is not let in; null when it is.</summary>
    ValueTask<Refusal?> ExamineAsync(HttpContext context);
}
