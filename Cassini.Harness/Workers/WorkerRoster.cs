using System.Text.RegularExpressions;
using Cassini.Streams.Primitives;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>The workers that joined: each of a role that is wanted, and with a name of its own.</summary>
internal sealed partial class WorkerRoster(
    string plan, IReadOnlyDictionary<WorkerRole, int> wanted, TimeProvider time) : WorkerService, IAsyncDisposable
{
    private static readonly TimeSpan Greeting = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<RemoteWorker> _workers = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all workers that are wanted have joined.</summary>
    public Task Complete => _complete.Task;

    public IReadOnlyList<IWorker> Workers
    {
        get
        {
            lock (_gate)
            {
                return [.. _workers];
            }
        }
    }

    /// <summary>The workers that have not joined yet, for people.</summary>
    public string Missing()
    {
        lock (_gate)
        {
            return string.Join(", ", wanted.Select(of => (Role: of.Key, Count: of.Value - CountOfLocked(of.Key)))
                .Where(missing => missing.Count > 0)
                .Select(missing => Quantity.Of(missing.Count, WordOf(missing.Role))));
        }
    }

    public override async Task Join(
        IAsyncStreamReader<WorkerMessage> messages, IServerStreamWriter<ControllerMessage> answers, ServerCallContext call)
    {
        var hello = await GreetAsync(messages, call.CancellationToken);
        var writer = new MessageWriter<ControllerMessage>(answers, time);
        var worker = new RemoteWorker(hello.Name, hello.Role, writer, time);

        // Before it is entered: no order may overtake the welcome.
        if (Objection(hello) is null && await writer.TryWriteAsync(new ControllerMessage.Welcome(plan)) && TryEnter(hello, worker))
        {
            await worker.ListenAsync(messages, call.CancellationToken);
            return;
        }

        throw new RpcException(new Status(StatusCode.FailedPrecondition, Objection(hello) ?? "it hung up"));
    }

    /// <summary>Ends all workers.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(Workers.Select(worker => worker.DisposeAsync().AsTask()));

    private async Task<WorkerMessage.Hello> GreetAsync(IAsyncStreamReader<WorkerMessage> messages, CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(Greeting, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            if (await messages.MoveNext(limit.Token) && messages.Current is WorkerMessage.Hello hello)
            {
                return hello;
            }
        }
        catch (OperationCanceledException)
        {
            // It said nothing in time, or is gone.
        }

        throw new RpcException(new Status(StatusCode.InvalidArgument, "a worker's first message is hello"));
    }

    private string? Objection(WorkerMessage.Hello hello)
    {
        lock (_gate)
        {
            return ObjectionLocked(hello);
        }
    }

    private string? ObjectionLocked(WorkerMessage.Hello hello) =>
        hello.Version != WorkerProtocol.Version ? $"the controller speaks version {WorkerProtocol.Version} and not {hello.Version}"
        : !Name().IsMatch(hello.Name) ? "a worker's name has 1 to 64 letters, digits, dots, hyphens and underscores"
        : _workers.Any(worker => worker.Name == hello.Name) ? $"there is a worker '{hello.Name}' already"
        : CountOfLocked(hello.Role) >= wanted.GetValueOrDefault(hello.Role) ? $"no further {WordOf(hello.Role)} is wanted"
        : null;

    private bool TryEnter(WorkerMessage.Hello hello, RemoteWorker worker)
    {
        lock (_gate)
        {
            if (ObjectionLocked(hello) is not null)
            {
                return false;
            }

            _workers.Add(worker);
            if (wanted.All(of => CountOfLocked(of.Key) >= of.Value))
            {
                _complete.TrySetResult();
            }

            return true;
        }
    }

    private int CountOfLocked(WorkerRole role) => _workers.Count(worker => worker.Role == role);

    private static string WordOf(WorkerRole role) => role.ToString().ToLowerInvariant();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
