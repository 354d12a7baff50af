namespace Cassini.Management.Access;

/// <summary>Decides which callers may have more than an anonymous caller gets.</summary>
internal interface ICallerRule
{
    /// <summary>Why the caller is refused; null when it is accepted.</summary>
    ValueTask<Refusal?> ExamineAsync(HttpContext context);
}
